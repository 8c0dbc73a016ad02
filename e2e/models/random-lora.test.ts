import { describe, expect, it } from 'vitest';
import { readAdapterHeader } from '../../shared/inference/genome/adapter-header.ts';
import { randomLora } from './random-lora.ts';

describe('randomLora', () => {
  it('gives the same bytes for the same seed, and others for another', () => {
    expect(Buffer.compare(randomLora({ seed: 3 }), randomLora({ seed: 3 }))).toBe(0);
    expect(Buffer.compare(randomLora({ seed: 3 }), randomLora({ seed: 4 }))).not.toBe(0);
  });

  it.each(['F32', 'F16'] as const)('is an adapter in %s', async (type) => {
    const bytes = randomLora({ type, pairs: [['general.author', { type: 'text', value: 'Nobody' }]] });
    const read = (offset: number, length: number): Promise<Uint8Array> =>
      Promise.resolve(bytes.subarray(offset, offset + length));
    expect(await readAdapterHeader(read, bytes.length)).toMatchObject({
      name: 'random adapter 1',
      architecture: 'llama',
      provenance: { author: 'Nobody' },
    });
  });
});
