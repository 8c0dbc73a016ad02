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
  cacheBytesPerToken: 131_072,
  starter: false,
};
const large = { path: '/m.gguf', sizeBytes: 5 * GIB, header };

describe('modelBudget', () => {
  it('shrinks the context to what the memory holds beside the model, and no further than is useful', () => {
    const contexts = [64, 7, 5, 4].map(
      (memory) => modelBudget(large, { memoryBytes: memory * GIB }).contextTokens,
    );
    expect(contexts).toEqual([8192, 5461, 512, 512]);
  });

  it('never promises more context than the model was trained for', () => {
    const short = { ...large, header: { ...header, contextTokens: 2048, cacheBytesPerToken: undefined } };
    expect(modelBudget(short, { memoryBytes: 64 * GIB }).contextTokens).toBe(2048);
  });
});
