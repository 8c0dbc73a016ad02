/** Owns turning tokens into text as they come: a character may take several tokens, and is shown when it is whole. */
import type { LlamaModel, Token } from 'node-llama-cpp';

/** What the detokenizer gives for bytes that are no character (yet). */
const INCOMPLETE = '�';
/** A UTF-8 character has at most four bytes, so it is never spread over more tokens. */
const MAX_TOKENS_PER_CHARACTER = 4;
/** The detokenizer looks back to decide about a leading space. */
const LOOK_BACK_TOKENS = 4;

export interface TokenText {
  /** The text that this token completes; empty while a character is not whole. */
  push(token: Token): string;
  /** What is left of an unfinished character. */
  rest(): string;
}

export function createTokenText(model: Pick<LlamaModel, 'detokenize'>): TokenText {
  const shown: Token[] = [];
  let pending: Token[] = [];
  const flush = (text: string): string => {
    shown.push(...pending);
    shown.splice(0, shown.length - LOOK_BACK_TOKENS);
    pending = [];
    return text;
  };
  return {
    push: (token) => {
      pending.push(token);
      const text = model.detokenize(pending, false, shown);
      const whole = !text.endsWith(INCOMPLETE) || pending.length >= MAX_TOKENS_PER_CHARACTER;
      return whole ? flush(text) : '';
    },
    rest: () => flush(pending.length === 0 ? '' : model.detokenize(pending, false, shown)),
  };
}
