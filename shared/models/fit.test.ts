import { describe, expect, it } from 'vitest';
import { estimateFit, requireAddressable, type Demand, type DeviceLimits } from './fit.ts';

const GIB = 2 ** 30;
const demand: Demand = { weightsBytes: 2 * GIB, contextTokens: 0, cacheBytesPerToken: 0, engineBytes: 0 };
const limits: DeviceLimits = { place: 'here', memoryBytes: 4 * GIB, easyPart: 3 / 4 };
const verdict = (more: Partial<Demand>, other: Partial<DeviceLimits> = {}) =>
  estimateFit({ ...demand, ...more }, { ...limits, ...other }).verdict;

describe('estimateFit', () => {
  it('adds weights, cache and engine', () => {
    const fit = estimateFit(
      { weightsBytes: GIB, contextTokens: 1024, cacheBytesPerToken: GIB / 1024, engineBytes: GIB / 10 },
      limits,
    );
    expect(fit).toMatchObject({ verdict: 'fits', words: 'needs about 2.1 GiB of 4 GiB here' });
  });

  it('takes a stated part for a cache of which nothing is known', () => {
    expect(estimateFit({ ...demand, cacheBytesPerToken: undefined }, limits).neededBytes).toBe(2.5 * GIB);
  });

  it('is tight from the easy part on, and too large where the system has no room left', () => {
    const large = { memoryBytes: 40 * GIB };
    expect(verdict({ weightsBytes: 30 * GIB }, large)).toBe('fits');
    expect(verdict({ weightsBytes: 30 * GIB + 1 }, large)).toBe('tight');
    expect(verdict({ weightsBytes: 36 * GIB }, large)).toBe('tight');
    expect(verdict({ weightsBytes: 36 * GIB + 1 }, large)).toBe('too-large');
  });

  it('holds a memory that may be larger than told against no model, and does not name it', () => {
    const fit = estimateFit({ ...demand, weightsBytes: 40 * GIB }, { ...limits, isMemoryAtLeast: true });
    expect(fit).toMatchObject({ verdict: 'tight', isAddressable: true, words: 'needs about 40 GiB here' });
  });

  it('holds against no model what a device does not tell', () => {
    expect(verdict({ weightsBytes: 400 * GIB }, { memoryBytes: undefined })).toBe('fits');
  });

  it('leaves room in what can be addressed, and names the smaller bound', () => {
    const wasm = { memoryBytes: 16 * GIB, addressableBytes: 4 * GIB, reservedBytes: GIB };
    expect(verdict({ weightsBytes: 3 * GIB }, wasm)).toBe('fits');
    expect(verdict({ weightsBytes: 3 * GIB + 1 }, wasm)).toBe('tight');
    expect(verdict({ weightsBytes: 4 * GIB }, wasm)).toBe('tight');
    const over = estimateFit({ ...demand, weightsBytes: 4 * GIB + 1 }, { ...limits, ...wasm });
    expect(over).toMatchObject({ verdict: 'too-large', words: 'needs about 4 GiB of 4 GiB here' });
  });

  it('is tight where one part is larger than the GPU takes at once', () => {
    expect(verdict({ largestTensorBytes: GIB }, { maxBufferBytes: GIB })).toBe('fits');
    expect(verdict({ largestTensorBytes: GIB + 1 }, { maxBufferBytes: GIB })).toBe('tight');
    const { words } = estimateFit({ ...demand, largestTensorBytes: 2 }, { ...limits, maxBufferBytes: 1 });
    expect(words).toContain('stays on the CPU');
  });
});

describe('requireAddressable', () => {
  const fitting = (more: Partial<Demand>) =>
    estimateFit({ ...demand, ...more }, { ...limits, addressableBytes: 4 * GIB });

  it('refuses what weights and cache alone make too large, and never an estimate', () => {
    const cache = { contextTokens: 2, cacheBytesPerToken: GIB };
    requireAddressable('big', fitting(cache));
    expect(() => {
      requireAddressable('big', fitting({ ...cache, weightsBytes: 2 * GIB + 1 }));
    }).toThrow(expect.objectContaining({ code: 'ModelTooLarge' }) as Error);
    const guessed = fitting({ weightsBytes: 4 * GIB, cacheBytesPerToken: undefined, engineBytes: GIB });
    expect(guessed.verdict).toBe('too-large');
    requireAddressable('big', guessed);
  });

  it('says by name how much is needed of how much', () => {
    expect(() => {
      requireAddressable('big.gguf', fitting({ weightsBytes: 9 * GIB }));
    }).toThrow('big.gguf is too large: it needs about 9 GiB of 4 GiB here.');
  });
});
