import { describe, expect, it } from 'vitest';
import { SUGGESTED_MODELS } from './catalogue.ts';
import {
  contextWithin,
  fitInCompanion,
  fitOnWasm,
  fitOnWebgpu,
  sequencesWithin,
  type ModelToFit,
} from './fit-places.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** As a model of eight billion parameters in four bits. */
const LARGE: ModelToFit = {
  sizeBytes: 4.6 * GIB,
  needs: {
    contextTokens: 131_072,
    cacheBytesPerToken: 131_072,
    headCount: 32,
    largestTensorBytes: 411 * MIB,
  },
};

describe('where a model fits', () => {
  it('comes near what a process of llama.cpp really took with its context full', () => {
    const needs = { contextTokens: 8_192, cacheBytesPerToken: 10_240, headCount: 16 };
    // Not enough for a second conversation. 724 MiB resident, measured 2026-11-25.
    const { neededBytes } = fitInCompanion({ sizeBytes: 162_412_096, needs }, 0.6 * GIB);
    expect(Math.abs(neededBytes - 724 * MIB)).toBeLessThan(0.1 * 724 * MIB);
    // With four of them a process took 241 MiB more than with one (351), before it had read anything (2026-12-01).
    const four = fitInCompanion({ sizeBytes: 162_412_096, needs }, 23 * GIB).neededBytes;
    expect(Math.abs(four - neededBytes - 241 * MIB)).toBeLessThan(0.1 * 241 * MIB);
  });

  it('keeps as many conversations in the companion as its memory has room for, and never makes a model tight by it', () => {
    const memories = [64, 23, 16, 12, 11, 10, 8, 7, 4.7];
    expect(memories.map((memory) => sequencesWithin(LARGE, memory * GIB))).toEqual([
      4, 4, 2, 2, 2, 1, 1, 1, 1,
    ]);
    for (const memory of memories) {
      const few = { ...LARGE, needs: { ...LARGE.needs, cacheBytesPerToken: undefined } };
      expect(sequencesWithin(few as ModelToFit, memory * GIB)).toBe(1);
    }
    // Each of them small beside what the memory has left, and the weights near three quarters of it.
    const heavy = { sizeBytes: 7 * GIB, needs: { contextTokens: 8_192, cacheBytesPerToken: GIB / 65_536 } };
    expect([10.5, 9.9, 9.7].map((memory) => sequencesWithin(heavy, memory * GIB))).toEqual([4, 2, 1]);
    expect([10.5, 9.9, 9.7].map((memory) => fitInCompanion(heavy, memory * GIB).verdict)).toEqual([
      'fits',
      'fits',
      'fits',
    ]);
  });

  it('counts no conversation beside the first one that makes tight what fits with one, by what was learned, too', () => {
    const model = { sizeBytes: 5 * GIB, needs: { contextTokens: 8_192, cacheBytesPerToken: GIB / 8_192 } };
    const learned = (ratio: number, failedGib?: number) => ({
      loads: [{ model: 'm', ratio }],
      ...(failedGib !== undefined && { failedBytes: failedGib * GIB }),
    });
    expect(fitInCompanion(model, 23 * GIB, learned(1, 8)).verdict).toBe('fits');
    expect(fitInCompanion(model, 11 * GIB, learned(1.2)).verdict).toBe('fits');
    expect(sequencesWithin(model, 12 * GIB)).toBe(2);
    expect(fitInCompanion(model, 12 * GIB, learned(1.2)).verdict).toBe('fits');
  });

  it('is bound by 4 GiB in wasm, however large the machine, and not on WebGPU', () => {
    const machine = { memoryBytes: 32 * GIB, maxBufferBytes: 2 * GIB };
    expect(fitOnWasm(LARGE, machine)).toMatchObject({
      verdict: 'too-large',
      isAddressable: false,
      words: expect.stringMatching(/of 4 GiB in this tab$/) as string,
    });
    expect(fitOnWebgpu(LARGE, machine)).toMatchObject({
      verdict: 'fits',
      isAddressable: true,
      words: expect.stringContaining('whose memory no browser tells') as string,
    });
  });

  it('takes half of a small machine for the GPU, and 8 GiB for what may be more', () => {
    const model = { sizeBytes: 2.5 * GIB, needs: { contextTokens: 1_024, cacheBytesPerToken: 0 } };
    const verdicts = [2, 4, 8].map((memory) => fitOnWebgpu(model, { memoryBytes: memory * GIB }).verdict);
    expect(verdicts).toEqual(['too-large', 'tight', 'fits']);
    expect(fitOnWebgpu({ sizeBytes: 40 * GIB }, { memoryBytes: 8 * GIB }).verdict).toBe('tight');
    expect(fitOnWebgpu(model, {}).verdict).toBe('fits');
  });

  it('tells of a part that the adapter does not take', () => {
    expect(fitOnWebgpu(LARGE, { maxBufferBytes: 128 * MIB })).toMatchObject({
      verdict: 'tight',
      words: expect.stringContaining('stays on the CPU') as string,
    });
  });

  it('shortens the context in the companion before it is tight, and refuses what its memory cannot hold', () => {
    expect(fitInCompanion(LARGE, 23 * GIB)).toMatchObject({ verdict: 'fits' });
    expect(contextWithin(LARGE, 7 * GIB)).toBeLessThan(8_192);
    expect(fitInCompanion(LARGE, 7 * GIB)).toMatchObject({
      verdict: 'tight',
      words: expect.stringContaining(`a context of ${contextWithin(LARGE, 7 * GIB)} tokens only`) as string,
    });
    const wordy = { sizeBytes: GIB, needs: { contextTokens: 8_192, cacheBytesPerToken: GIB / 2_048 } };
    expect(fitInCompanion(wordy, 16 * GIB)).toMatchObject({ verdict: 'fits' });
    expect(fitInCompanion(wordy, 4 * GIB)).toMatchObject({
      verdict: 'tight',
      words: 'needs about 2.1 GiB of 4 GiB in the companion, with a context of 2048 tokens only',
    });
    expect(fitInCompanion(LARGE, 4.7 * GIB)).toMatchObject({ verdict: 'too-large', isAddressable: true });
    expect(fitInCompanion(LARGE, 4.6 * GIB)).toMatchObject({ verdict: 'too-large', isAddressable: false });
  });

  it('knows of every suggested model what its cache takes', () => {
    const small = SUGGESTED_MODELS.map(({ aboutBytes, ...needs }) =>
      fitOnWasm({ sizeBytes: aboutBytes, needs }, { memoryBytes: 8 * GIB }),
    );
    expect(small.map(({ verdict }) => verdict)).toEqual(['fits', 'fits', 'fits']);
  });
});
