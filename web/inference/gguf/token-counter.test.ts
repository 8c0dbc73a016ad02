import { describe, expect, it } from 'vitest';
import { createTokenCounter } from './token-counter.ts';

const CONTEXT = 32;
const signal = new AbortController().signal;

/** A tokenizer of whole words that knows `<e>` as a control token and adds `added` tokens to every prompt. */
function engine(added: number, context = CONTEXT) {
  const tokens = (prompt: string): number => added + prompt.split(/(<e>)|\s+/).filter(Boolean).length;
  return {
    tokens,
    refused: async (prompt: string) => (tokens(prompt) >= context ? tokens(prompt) : undefined),
  };
}

describe('token counter', () => {
  it.each([0, 1, 2])('counts exactly where the tokenizer adds %d', async (added) => {
    const { tokens, refused } = engine(added);
    const counter = await createTokenCounter(refused, CONTEXT, '<e>', signal);
    for (const prompt of ['', 'one', 'one two <e> three', 'word '.repeat(3 * CONTEXT)]) {
      expect(await counter.count(prompt, signal)).toBe(tokens(prompt));
    }
  });

  it('refuses a model it cannot count for, instead of guessing', async () => {
    const unsupported = expect.objectContaining({ code: 'ModelUnsupported' }) as Error;
    const { refused } = engine(0);
    await expect(createTokenCounter(refused, CONTEXT, '', signal)).rejects.toEqual(unsupported);
    const endless = engine(0, Number.POSITIVE_INFINITY);
    await expect(createTokenCounter(endless.refused, CONTEXT, '<e>', signal)).rejects.toEqual(unsupported);
    const strange = engine(100);
    await expect(createTokenCounter(strange.refused, CONTEXT, '<e>', signal)).rejects.toEqual(unsupported);
  });
});
