import { describe, expect, it } from 'vitest';
import type { GgufHeader } from '../../shared/inference/gguf-header.ts';
import { maxThreads, modelBudget } from './model-budget.ts';

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
  tensorBytes: 5 * GIB,
  cacheBytesPerToken: 131_072,
  starter: false,
};
const large = { path: '/m.gguf', sizeBytes: 5 * GIB, header };
const small = { path: '/s.gguf', sizeBytes: 500_000, header: { ...header, tensorBytes: 450_000 } };

describe('modelBudget', () => {
  it.each([
    [1, 1],
    [2, 1],
    [8, 7],
  ])('on %i cores never takes more than leaves one free: %i', (cores, threads) => {
    expect(maxThreads({ cores, memoryBytes: 16 * GIB })).toBe(threads);
    expect(modelBudget(large, { cores, memoryBytes: 16 * GIB }).threads).toBe(threads);
  });

  it('gives a small model one thread, however many cores there are', () => {
    expect(modelBudget(small, { cores: 64, memoryBytes: 16 * GIB }).threads).toBe(1);
  });

  it('shrinks the context to what the memory holds beside the model, and no further than is useful', () => {
    const contexts = [64, 7, 5, 4].map(
      (memory) => modelBudget(large, { cores: 8, memoryBytes: memory * GIB }).contextTokens,
    );
    expect(contexts).toEqual([8192, 5461, 512, 512]);
  });

  it('never promises more context than the model was trained for', () => {
    const short = { ...large, header: { ...header, contextTokens: 2048, cacheBytesPerToken: undefined } };
    expect(modelBudget(short, { cores: 8, memoryBytes: 64 * GIB }).contextTokens).toBe(2048);
  });
});
