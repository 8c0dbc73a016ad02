import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { MAX_MESSAGE_BYTES } from '../bridge/limits.ts';
import {
  EmbeddingSchema,
  MAX_EMBED_CHARS,
  MAX_EMBEDDING_DIMENSIONS,
  requireEmbeddable,
  unitVector,
} from './embedding.ts';

const coded = (code: string): Error => expect.objectContaining({ code }) as Error;

describe('a unit vector', () => {
  it.each([
    ['as it comes', [3, -4]],
    ['of values whose squares are infinite', [3e300, -4e300]],
    ['of values whose squares are zero', [3e-300, -4e-300]],
    ['of floats', Float32Array.of(0.3, -0.4)],
  ])('keeps the direction: %s', (_what, vector) => {
    const [x = 0, y = 0] = unitVector(vector);
    expect([x, y]).toEqual([expect.closeTo(0.6, 6), expect.closeTo(-0.8, 6)]);
  });

  it.each([
    ['zeros', [0, -0, 0]],
    ['a NaN', [1, Number.NaN, 2]],
    ['an infinity', [Number.NEGATIVE_INFINITY, 1]],
    ['nothing', []],
    ['too much', new Float32Array(MAX_EMBEDDING_DIMENSIONS + 1).fill(1)],
  ])('is not made of %s', (_what, vector) => {
    expect(() => unitVector(vector)).toThrow(coded('EmbeddingsUnsupported'));
  });

  it('fits in a message of the bridge with as many dimensions as there may be', () => {
    const longest = Array.from({ length: MAX_EMBEDDING_DIMENSIONS }, () => Math.fround(-1.2345678e-6));
    expect(v.is(EmbeddingSchema, longest)).toBe(true);
    expect(JSON.stringify(longest).length).toBeLessThan(MAX_MESSAGE_BYTES);
    expect(v.is(EmbeddingSchema, [...longest, 1])).toBe(false);
  });
});

describe('a text to embed', () => {
  it('is one, and not too long for any edge', () => {
    requireEmbeddable('x'.repeat(MAX_EMBED_CHARS));
    expect(() => requireEmbeddable('x'.repeat(MAX_EMBED_CHARS + 1))).toThrow(coded('ContextOverflow'));
    expect(() => requireEmbeddable('')).toThrow(coded('Internal'));
  });
});
