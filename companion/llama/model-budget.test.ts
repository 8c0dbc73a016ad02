import { describe, expect, it } from 'vitest';
import type { GgufHeader } from '../../shared/inference/gguf-header.ts';
import { modelBudget } from './model-budget.ts';

const GIB = 2 ** 30;
const header: GgufHeader = {
  name: undefined,
  architecture: 'llama',
  contextTokens: 131_072,
  blockCount: 32,
  chatTemplate: undefined,
  bosToken: '',
  eosToken: '',
  addsBos: undefined,
  controlTokens: [],
  pooling: 'mean',
  tensorBytes: 5 * GIB,
  largestTensorBytes: GIB / 2,
  cacheBytesPerToken: 131_072,
  headCount: 32,
  starter: false,
};
const large = { path: '/m.gguf', sizeBytes: 5 * GIB, header };

describe('modelBudget', () => {
  it('shrinks the context to what the memory holds beside the model, and no further than is useful', () => {
    const contexts = [64, 7, 5.1].map(
      (memory) => modelBudget(large, { memoryBytes: memory * GIB }).contextTokens,
    );
    expect(contexts).toEqual([8192, 5461, 512]);
  });

  it('keeps more conversations where memory is left, and lets each of them count', () => {
    const [large64, large16, large8] = [64, 16, 8].map((memory) =>
      modelBudget(large, { memoryBytes: memory * GIB }),
    );
    expect([large64, large16, large8].map((budget) => budget?.sequences)).toEqual([4, 2, 1]);
    expect([large64, large16, large8].map((budget) => (budget?.maxResidentBytes ?? 0) / GIB)).toEqual([
      19, 15, 13,
    ]);
    expect((large64?.estimatedBytes ?? 0) - (large8?.estimatedBytes ?? 0)).toBe(3 * GIB);
  });

  it('refuses by name a model whose weights the memory cannot hold', () => {
    expect(() => modelBudget(large, { memoryBytes: 5 * GIB })).toThrow(
      expect.objectContaining({
        code: 'ModelTooLarge',
        message: expect.stringContaining('of 5 GiB in the companion') as string,
      }) as Error,
    );
  });

  it('never promises more context than the model was trained for', () => {
    const short = { ...large, header: { ...header, contextTokens: 2048, cacheBytesPerToken: undefined } };
    expect(modelBudget(short, { memoryBytes: 64 * GIB }).contextTokens).toBe(2048);
  });
});
