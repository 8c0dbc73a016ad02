import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { halfBits } from '../../shared/testing/gguf-writer.ts';
import { openNative } from './native-greedy.ts';
import { PARITY_CASES } from './parity-cases.ts';
import { randomModel } from './random-model.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'random-model-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('randomModel', () => {
  it('gives the same bytes for the same seed, and others for another', () => {
    expect(Buffer.compare(randomModel({ seed: 3 }), randomModel({ seed: 3 }))).toBe(0);
    expect(Buffer.compare(randomModel({ seed: 3 }), randomModel({ seed: 4 }))).not.toBe(0);
  });

  it.each(['F32', 'F16'] as const)('speaks printable text in %s, the same on every run', async (type) => {
    const path = join(folder, `${type}.gguf`);
    await writeFile(path, randomModel({ type }));
    const texts: string[] = [];
    for (let run = 0; run < 2; run += 1) {
      const model = await openNative(path);
      // In other order the second time: what was evaluated before must not show in a text.
      const cases = [...PARITY_CASES.values()];
      const answers = new Map<number, string>();
      for (const index of run === 0 ? cases.keys() : [...cases.keys()].toReversed()) {
        const request = cases[index];
        if (request) answers.set(index, (await model.generate(request)).text);
      }
      texts.push(JSON.stringify([...answers].toSorted(([a], [b]) => a - b)));
      await model.dispose();
    }
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).toMatch(/^[\n\x20-\x7e]+$/);
  });

  it('ends its turn by itself where it is made to want that', async () => {
    const path = join(folder, 'ends.gguf');
    await writeFile(path, randomModel({ endBias: 5 }));
    const model = await openNative(path);
    const results = [];
    for (const seed of [1, 2, 3, 4])
      results.push(
        await model.generate({
          messages: [{ role: 'user', content: 'Hello' }],
          sampling: { temperature: 0.8, seed },
          maxTokens: 400,
        }),
      );
    await model.dispose();
    expect(results.map(({ finishReason }) => finishReason)).toEqual(['stop', 'stop', 'stop', 'stop']);
  });
});

describe('halfBits', () => {
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65520, 0x7c00],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [2 ** -14, 0x0400],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2047.5 / 1024, 0x4000],
    [Number.NaN, 0x7e00],
  ])('rounds %d to the nearest half', (value, bits) => {
    expect(halfBits(value)).toBe(bits);
  });
});
