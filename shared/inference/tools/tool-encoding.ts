/**
 * Owns how a model is offered tools, how its calls are read, and how it hears what became of them: as structured output,
 * so that every lane can, whatever the model was trained on. wllama's `required` does not force a call, and web-llm
 * knows tools of five models only (2026-11-24).
 */
import * as v from 'valibot';
import { AppError } from '../../errors.ts';
import type { ChatMessage } from '../generate.ts';
import { ArgumentsShapeSchema, jsonSchemaOf, misfit } from './shape.ts';
import { quoted, ShapeGrammar } from './shape-grammar.ts';

export const ToolSpecSchema = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{0,47}$/)),
  description: v.pipe(v.string(), v.minLength(1), v.maxLength(1_000)),
  parameters: ArgumentsShapeSchema,
});
export type ToolSpec = v.InferOutput<typeof ToolSpecSchema>;

export interface ToolCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export type ToolMove =
  | { readonly kind: 'call'; readonly call: ToolCall }
  /** What she says to whoever asked; no tool is needed any more. */
  | { readonly kind: 'answer'; readonly text: string };

export interface ToolEncodingOptions {
  /** `call`: she must call one. `answer`: she may not any more. */
  readonly may: 'either' | 'call' | 'answer';
  readonly maxAnswerChars: number;
  readonly maxTokens: number;
}

export interface ToolEncoding {
  readonly grammar: string;
  /** The same form for engines without GBNF, as text. */
  readonly jsonSchema: string;
  readonly maxTokens: number;
  /** Last lines of the prompt: the tools, and in which form to use them. */
  readonly instruction: string;
  readonly decode: (
    raw: string,
  ) => { readonly ok: true; readonly move: ToolMove } | { readonly ok: false; readonly problem: string };
}

/** Of a result that a model hears; what is longer is cut, and says so. */
export const MAX_RESULT_CHARS = 30_000;
/** What a cut may leave of a character of two parts. */
const HALF_CHARACTER = /[\uD800-\uDBFF]$/;

const CallSchema = v.strictObject({ tool: v.string(), arguments: v.unknown() });
const AnswerSchema = v.strictObject({ answer: v.pipe(v.string(), v.minLength(1)) });

/** Throws `GrammarInvalid` where two tools have one name, or none is there to be called. */
export function toolEncoding(
  tools: readonly ToolSpec[],
  { may, maxAnswerChars, maxTokens }: ToolEncodingOptions,
): ToolEncoding {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  if (byName.size !== tools.length) throw new AppError('GrammarInvalid', 'Two tools have the same name.');
  if (may === 'call' && tools.length === 0) throw new AppError('GrammarInvalid', 'There is no tool to call.');
  const calls = may === 'answer' ? [] : tools;
  const answers = may !== 'call';

  const grammar = new ShapeGrammar();
  const forms = calls.map(
    ({ name, parameters }) =>
      `${quoted(`{"tool":${JSON.stringify(name)},"arguments":`)} ${grammar.add(parameters)} "}"`,
  );
  if (answers) forms.push(`${quoted('{"answer":"')} char{1,${maxAnswerChars}} ${quoted('"}')}`);
  return {
    grammar: grammar.text(forms.join(' | ')),
    jsonSchema: JSON.stringify({
      anyOf: [
        ...calls.map(({ name, parameters }) =>
          closed({ tool: { const: name }, arguments: jsonSchemaOf(parameters) }),
        ),
        ...(answers ? [closed({ answer: { type: 'string', minLength: 1, maxLength: maxAnswerChars } })] : []),
      ],
    }),
    maxTokens,
    instruction: instructionFor(calls, answers),
    decode: (raw) => decode(raw, calls.length > 0 ? byName : new Map(), answers),
  };
}

function closed(properties: Readonly<Record<string, unknown>>): unknown {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

function instructionFor(calls: readonly ToolSpec[], answers: boolean): string {
  const tools = calls.map(
    ({ name, description, parameters }) =>
      `- ${name}: ${description.replaceAll(/\s+/g, ' ')} Arguments: ${JSON.stringify(parameters.properties)}`,
  );
  const call = 'To use a tool: the field "tool" with its name, then the field "arguments" with an object.';
  const answer = 'To answer: the field "answer" with what you say.';
  return [
    ...(tools.length > 0 ? ['Tools:', ...tools] : []),
    'Answer with one JSON object and nothing else.',
    ...(calls.length > 0 ? [call] : []),
    ...(answers ? [answer] : []),
  ].join('\n');
}

function decode(
  raw: string,
  tools: ReadonlyMap<string, ToolSpec>,
  answers: boolean,
): ReturnType<ToolEncoding['decode']> {
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    return { ok: false, problem: 'the output is not JSON' };
  }
  const answer = v.safeParse(AnswerSchema, value);
  if (answers && answer.success) return { ok: true, move: { kind: 'answer', text: answer.output.answer } };
  const call = v.safeParse(CallSchema, value);
  if (!call.success) return { ok: false, problem: 'the output is neither a call nor an answer' };
  const tool = tools.get(call.output.tool);
  if (!tool) return { ok: false, problem: `there is no tool "${call.output.tool.slice(0, 64)}"` };
  const problem = misfit(call.output.arguments, tool.parameters);
  if (problem !== undefined) return { ok: false, problem };
  // What fits its shape is an object.
  const given = call.output.arguments as ToolCall['arguments'];
  return { ok: true, move: { kind: 'call', call: { name: tool.name, arguments: given } } };
}

/** The messages of the next question: her call as she made it, and what became of it, as data that gives no orders. */
export function afterCall(
  messages: readonly ChatMessage[],
  { name, arguments: given }: ToolCall,
  result: { readonly ok: boolean; readonly text: string },
): ChatMessage[] {
  const isCut = result.text.length > MAX_RESULT_CHARS;
  const text = isCut
    ? `${result.text.slice(0, MAX_RESULT_CHARS).replace(HALF_CHARACTER, '')}\n(cut: ${result.text.length - MAX_RESULT_CHARS} more characters)`
    : result.text;
  return [
    ...messages,
    { role: 'assistant', content: JSON.stringify({ tool: name, arguments: given }) },
    { role: 'user', content: `${result.ok ? 'Result' : 'Error'} of ${name}:\n${text}` },
  ];
}
