/** Owns the decision of a turn and the one encoding this version has: grammar-constrained JSON, decision field first. */
import * as v from 'valibot';
import { AppError } from '../errors.ts';

export type Decision =
  { readonly kind: 'spoke'; readonly text: string } | { readonly kind: 'silent'; readonly reason: string };

/** How a model is made to say its decision, and how that is read back. The brain never sees the wire form. */
export interface DecisionEncoding {
  readonly id: string;
  /** GBNF that bounds the text, so that the form always closes before `maxTokens`. */
  readonly grammar: string;
  /** The same form for engines without GBNF, as text; where it holds, both fields of words are always there. */
  readonly jsonSchema: string;
  readonly maxTokens: number;
  /** Last lines of the prompt: what to answer, in which form. */
  readonly instruction: string;
  decode(
    raw: string,
  ): { readonly ok: true; readonly decision: Decision } | { readonly ok: false; readonly problem: string };
  /** The part of the said text that a raw, still growing output already shows; empty before the text begins. */
  partialText(raw: string): string;
}

const SpokenSchema = v.object({ speak: v.literal(true), text: v.string() });
const SilentSchema = v.object({ speak: v.literal(false), reason: v.string() });

/**
 * Most repetitions that a bounded rule may have. Measured on 2026-11-24 with the llama.cpp of node-llama-cpp 3.21.1:
 * 1,999 hold, 2,000 are refused, and from 2,001 on the bound is dropped without a word. The time per token is the
 * same for every bound below that.
 */
export const MAX_BOUNDED_CHARS = 1_900;

export interface JsonDecisionLimits {
  /** Most characters of the said text, up to {@link MAX_BOUNDED_CHARS}; the grammar closes the string after that many. */
  readonly maxTextChars: number;
  readonly maxReasonChars: number;
}

/** A character of a JSON string that needs no escape, or one escape. Control characters are not in it. */
const CHAR_RULE = String.raw`char ::= [^"\\\x00-\x1f\x7f] | "\\" ["\\/nt]`;

/** Worst case of a token per byte-level character (4 UTF-8 bytes), so that `length` can never cut the JSON. */
const TOKENS_PER_CHAR = 4;
const FORM_TOKENS = 48;

/** The longest text whose decision is certain to close within `tokens`, whatever characters it is made of. */
export function textCharsWithin(tokens: number): number {
  return Math.max(0, Math.floor((tokens - FORM_TOKENS) / TOKENS_PER_CHAR));
}

/** Last lines of the prompt, the same for all limits. */
export const JSON_DECISION_INSTRUCTION =
  'Decide whether to speak. Answer with one JSON object and nothing else. To speak: first the field "speak" with the value true, then the field "text" with what you say. To stay silent: first the field "speak" with the value false, then the field "reason" with why.';

/** The encoding with its grammar sized by `limits`. Throws `GrammarInvalid` for a limit no engine would keep. */
export function jsonDecision(limits: JsonDecisionLimits): DecisionEncoding {
  const { maxTextChars, maxReasonChars } = limits;
  if (Math.max(maxTextChars, maxReasonChars) > MAX_BOUNDED_CHARS)
    throw new AppError(
      'GrammarInvalid',
      `A text of more than ${MAX_BOUNDED_CHARS} characters cannot be bounded.`,
    );
  const grammar = [
    'root ::= spoken | silent',
    String.raw`spoken ::= "{\"speak\":true,\"text\":\"" char{1,${maxTextChars}} "\"}"`,
    String.raw`silent ::= "{\"speak\":false,\"reason\":\"" char{1,${maxReasonChars}} "\"}"`,
    CHAR_RULE,
  ].join('\n');
  return {
    id: 'json-1',
    grammar,
    jsonSchema: JSON.stringify(decisionSchema(limits)),
    maxTokens: FORM_TOKENS + TOKENS_PER_CHAR * Math.max(maxTextChars, maxReasonChars),
    instruction: JSON_DECISION_INSTRUCTION,
    decode: decodeJsonDecision,
    partialText: (raw) => {
      const start = /^\s*\{\s*"speak"\s*:\s*true\s*,\s*"text"\s*:\s*"/.exec(raw);
      if (!start) return '';
      const body = /^(?:[^"\\]|\\.)*/.exec(raw.slice(start[0].length))?.[0] ?? '';
      try {
        return JSON.parse(`"${body}"`) as string;
      } catch {
        // A raw control character: only the finished form is judged, so the partial view shows nothing.
        return '';
      }
    },
  };
}

/** One flat object: servers differ in what they make of alternatives. */
function decisionSchema({ maxTextChars, maxReasonChars }: JsonDecisionLimits): unknown {
  return {
    type: 'object',
    properties: {
      speak: { type: 'boolean' },
      text: { type: 'string', maxLength: maxTextChars },
      reason: { type: 'string', maxLength: maxReasonChars },
    },
    required: ['speak', 'text', 'reason'],
    additionalProperties: false,
  };
}

function decodeJsonDecision(raw: string): ReturnType<DecisionEncoding['decode']> {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    return { ok: false, problem: 'the answer is not JSON' };
  }
  const spoken = v.safeParse(SpokenSchema, value);
  if (spoken.success) {
    if (spoken.output.text.trim() === '') return { ok: false, problem: 'decided to speak, but said nothing' };
    return { ok: true, decision: { kind: 'spoke', text: spoken.output.text } };
  }
  const silent = v.safeParse(SilentSchema, value);
  if (silent.success)
    return {
      ok: true,
      decision: { kind: 'silent', reason: silent.output.reason.trim() || 'no reason given' },
    };
  return { ok: false, problem: 'the fields "speak" and "text" or "reason" are missing or of the wrong type' };
}
