import { describe, expect, it } from 'vitest';
import type { Ready } from '../../../shared/bridge/protocol.ts';
import { SUGGESTED_MODELS } from '../../../shared/models/catalogue.ts';
import { writeGguf } from '../../../shared/testing/gguf-writer.ts';
import type { DeviceProbe } from '../../inference/probe.ts';
import type { StoredModelView } from '../view.ts';
import { ModelFits } from './model-fits.ts';

const GIB = 2 ** 30;
const PROBE: DeviceProbe = {
  webgpu: 'no adapter',
  wasm: true,
  jspi: true,
  crossOriginIsolated: true,
  cores: 2,
  memoryBytes: 8 * GIB,
};
/** 4 MiB of cache a token. */
const MODEL = writeGguf(
  [
    ['general.architecture', { type: 'text', value: 'llama' }],
    ['llama.block_count', { type: 'u32', value: 64 }],
    ['llama.context_length', { type: 'u32', value: 512 }],
    ['llama.embedding_length', { type: 'u32', value: 16_384 }],
    ['llama.attention.head_count', { type: 'u32', value: 1 }],
    ['tokenizer.ggml.tokens', { type: 'texts', value: ['a'] }],
  ],
  [{ name: 'one', dimensions: [8, 2], type: 'F32', data: new Float32Array(16) }],
);

const stored = (id: string, more: Partial<StoredModelView> = {}): StoredModelView => ({
  id,
  name: `${id}.gguf`,
  sizeBytes: GIB / 2,
  place: 'browser',
  checked: 'none',
  inUse: false,
  ...more,
});

function setUp(change: Partial<Ready> = {}, probe: Partial<DeviceProbe> = {}) {
  const session: { ready: Ready | undefined } = {
    ready: {
      companionLane: { available: true, reason: '' },
      machine: { memoryBytes: 16 * GIB, cores: 4 },
      models: [],
      ...change,
    } as unknown as Ready,
  };
  let reads = 0;
  const fits = new ModelFits({
    files: async () => ({
      find: async (sha256) => {
        reads += 1;
        return sha256 === 'broken' ? new File(['junk'], 'j') : new File([MODEL], 'm');
      },
    }),
    probe: async () => ({ ...PROBE, ...probe }),
    ready: () => session.ready,
  });
  const of = async (model: StoredModelView) => (await fits.withFits([model]))[0]?.fit;
  return { fits, of, session, reads: () => reads };
}

describe('what fits', () => {
  it('is told for the lane that the plan would choose', async () => {
    const file = stored('m');
    const gpu = { webgpu: 'shader-f16' } as const;
    expect((await setUp().of(file))?.words).toMatch(/of 16 GiB in the companion$/);
    expect((await setUp({ forcedLane: 'gguf' }).of(file))?.words).toMatch(/of 4 GiB in this tab$/);
    expect((await setUp({}, gpu).of(file))?.words).toContain('on the GPU');
  });

  it('reads the header of a file in this browser once, and does without one that cannot be read', async () => {
    const { of, reads } = setUp();
    // 512 tokens of 4 MiB each, a part for the engine, and the scores of a batch.
    expect((await of(stored('m')))?.words).toContain('needs about 2.6 GiB');
    await of(stored('m'));
    expect(reads()).toBe(1);
    expect((await of(stored('broken')))?.words).toContain('needs about 768 MiB');
  });

  it('takes from the companion what that knows of its files', async () => {
    const needs = { contextTokens: 1_024, cacheBytesPerToken: 2 ** 20 };
    const offer = { id: 'c', sha256: 'c', name: 'c', sizeBytes: GIB / 2, starter: false, path: '/', needs };
    const { of, reads } = setUp({ models: [offer] });
    expect((await of(stored('c', { place: 'companion' })))?.words).toContain('needs about 1.6 GiB');
    expect(reads()).toBe(0);
  });

  it('is not told of a model of a server, without a session, or where no lane serves', async () => {
    const { fits, of, session } = setUp();
    expect(await of(stored('s', { place: 'endpoint' }))).toBeUndefined();
    session.ready = undefined;
    expect(await of(stored('m'))).toBeUndefined();
    expect(await fits.suggested()).toEqual(SUGGESTED_MODELS.map(({ address }) => ({ address })));
    const none = { companionLane: { available: false, reason: 'none' } };
    expect(await setUp(none, { jspi: false }).of(stored('m'))).toBeUndefined();
  });

  it('is told of every suggested model', async () => {
    const suggested = await setUp({ machine: { memoryBytes: 1.5 * GIB, cores: 1 } }).fits.suggested();
    expect(suggested.map(({ fit }) => fit?.verdict)).toEqual(['tight', 'tight', 'too-large']);
  });
});
