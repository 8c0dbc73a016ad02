import { describe, expect, it } from 'vitest';
import type { GenerateResult } from '../../../shared/inference/generate.ts';
import { idleLane } from '../../../shared/testing/host-stand-ins.ts';
import { createMemoryDisk, createMemoryStores } from '../../../shared/testing/memory-node-stores.ts';
import { SpeedBook } from './speed-book.ts';

const RESULT: GenerateResult = {
  text: '',
  finishReason: 'stop',
  promptTokens: 100,
  cachedTokens: 0,
  completionTokens: 21,
  firstTokenMs: 1_000,
  totalMs: 2_000,
};
const { report } = idleLane;

describe('what is known of speeds', () => {
  it('is kept per model and place, and is there after a restart', async () => {
    const { settings } = createMemoryStores(createMemoryDisk());
    const book = await SpeedBook.load(settings);
    await book.learn(report, RESULT);
    const later = await SpeedBook.load(settings);
    expect(later.of(report)).toEqual({ prefillTokensPerSecond: 100, decodeTokensPerSecond: 20 });
    expect(later.of({ ...report, threads: 4 })).toEqual({});
    expect(later.of({ ...report, lane: 'gguf', backend: 'wasm' })).toEqual({});
  });

  it('forgets what was used longest ago', async () => {
    const { settings } = createMemoryStores(createMemoryDisk());
    const book = await SpeedBook.load(settings);
    const model = (at: number) => ({ ...report, model: { ...report.model, name: `model ${at}` } });
    for (let at = 0; at < 33; at += 1) await book.learn(model(at), RESULT);
    const later = await SpeedBook.load(settings);
    expect(later.of(model(0))).toEqual({});
    expect(later.of(model(32))).not.toEqual({});
  });

  it('begins anew where what is kept cannot be read', async () => {
    const { settings } = createMemoryStores(createMemoryDisk());
    await settings.put('speeds', [['x', { decodeTokensPerSecond: 'fast' }]]);
    expect((await SpeedBook.load(settings)).of(report)).toEqual({});
  });
});
