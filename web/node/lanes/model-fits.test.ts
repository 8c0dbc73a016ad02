import { describe, expect, it } from 'vitest';
import type { Ready } from '../../../shared/bridge/protocol.ts';
import { AppError } from '../../../shared/errors.ts';
import type { LaneReport } from '../../../shared/inference/lane.ts';
import { SUGGESTED_MODELS } from '../../../shared/models/catalogue.ts';
import { idleLane } from '../../../shared/testing/host-stand-ins.ts';
import { createMemoryDisk, createMemoryStores } from '../../../shared/testing/memory-node-stores.ts';
import type { MlcFacts } from '../../../shared/models/mlc-lists.ts';
import { COMPILED_MODELS } from '../../../shared/models/compiled-catalogue.ts';
import { writeGguf } from '../../../shared/testing/gguf-writer.ts';
import type { StoredBundle } from '../../inference/models/stored-bundles.ts';
import type { DeviceProbe } from '../../inference/probe.ts';
import type { StoredModelView } from '../view.ts';
import { FitBook } from './fit-book.ts';
import type { LanePlace } from './lane-place.ts';
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

/** By itself 512 MiB of weights and 1 GiB of cache. */
const compiledBundle = (
  facts: MlcFacts,
  sizeBytes = GIB / 2,
  cacheBytesPerToken = 2 ** 20,
): StoredBundle => ({
  id: 'folder',
  name: 'compiled',
  sizeBytes,
  sha256: 'b',
  checked: 'none',
  kind: { of: 'mlc', facts, needs: { contextTokens: 1_024, cacheBytesPerToken } },
  fileCount: 6,
});

const stored = (id: string, more: Partial<StoredModelView> = {}): StoredModelView => ({
  id,
  name: `${id}.gguf`,
  sizeBytes: GIB / 2,
  place: 'browser',
  checked: 'none',
  inUse: false,
  ...more,
});

async function setUp(
  change: Partial<Ready> = {},
  probe: Partial<DeviceProbe> = {},
  { settings } = createMemoryStores(createMemoryDisk()),
  bundles: readonly StoredBundle[] = [],
  place: LanePlace = 'auto',
) {
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
    book: await FitBook.load(settings),
    bundles: { files: async () => undefined, list: async () => bundles },
    place: { current: place },
    files: async () => ({
      find: async (sha256) => {
        reads += 1;
        return sha256 === 'broken' ? new File(['junk'], 'j') : new File([MODEL], 'm');
      },
    }),
    probe: async () => ({ ...PROBE, ...probe }),
    ready: () => session.ready,
  });
  const of = async (model: StoredModelView) => (await fits.withFits([model], []))[0]?.fit;
  return { fits, of, session, reads: () => reads };
}

describe('what fits', () => {
  it('is told for the lane that the plan would choose', async () => {
    const file = stored('m');
    const gpu = { webgpu: 'shader-f16' } as const;
    expect((await (await setUp()).of(file))?.words).toMatch(/of 16 GiB in the companion$/);
    expect((await (await setUp({ forcedLane: 'gguf' })).of(file))?.words).toMatch(/of 4 GiB in this tab$/);
    expect((await (await setUp({}, gpu)).of(file))?.words).toContain('on the GPU');
    const chosen = await setUp({}, gpu, undefined, [], 'companion');
    expect((await chosen.of(file))?.words).toMatch(/in the companion$/);
    expect(await chosen.fits.compiled()).toEqual([]);
    const inTab = await setUp({}, gpu, undefined, [], 'tab');
    expect(await inTab.fits.compiled()).not.toEqual([]);
  });

  it('reads the header of a file in this browser once, and does without one that cannot be read', async () => {
    const { of, reads } = await setUp();
    // Twice 512 tokens of 4 MiB each, a part for the engine, and the scores of a batch.
    expect((await of(stored('m')))?.words).toContain('needs about 4.6 GiB');
    await of(stored('m'));
    expect(reads()).toBe(1);
    expect((await of(stored('broken')))?.words).toContain('needs about 768 MiB');
  });

  it('takes from the companion what that knows of its files', async () => {
    const needs = { contextTokens: 1_024, cacheBytesPerToken: 2 ** 20 };
    const offer = { id: 'c', sha256: 'c', name: 'c', sizeBytes: GIB / 2, starter: false, path: '/', needs };
    const { of, reads } = await setUp({ models: [offer] });
    expect((await of(stored('c', { place: 'companion' })))?.words).toContain('needs about 3.6 GiB');
    expect(reads()).toBe(0);
  });

  it('is not told of a model of a server, without a session, or where no lane serves', async () => {
    const { fits, of, session } = await setUp();
    expect(await of(stored('s', { place: 'endpoint' }))).toBeUndefined();
    session.ready = undefined;
    expect(await of(stored('m'))).toBeUndefined();
    expect(await fits.suggested()).toEqual(SUGGESTED_MODELS.map(({ address }) => ({ address })));
    const none = { companionLane: { available: false, reason: 'none' } };
    expect(await (await setUp(none, { jspi: false })).of(stored('m'))).toBeUndefined();
  });

  it('is told of every suggested model', async () => {
    const { fits } = await setUp({ machine: { memoryBytes: 1.5 * GIB, cores: 1 } });
    const suggested = await fits.suggested();
    expect(suggested.map(({ fit }) => fit?.verdict)).toEqual(['tight', 'tight', 'too-large']);
  });
});

describe('a model that MLC compiled', () => {
  it('is suggested in the build that the GPU can run, with what its list says that it takes', async () => {
    const builds = async (change: Partial<Ready>, webgpu: DeviceProbe['webgpu']) =>
      (await (await setUp(change, { webgpu })).fits.compiled()).map(({ address }) => address);
    expect(await builds({}, 'shader-f16')).toEqual(COMPILED_MODELS.map(({ f16 }) => f16.address));
    expect(await builds({}, 'no shader-f16')).toEqual(COMPILED_MODELS.map(({ f32 }) => f32.address));
    expect(await builds({}, 'no adapter')).toEqual([]);
    expect(await builds({ forcedLane: 'companion' }, 'shader-f16')).toEqual([]);
    const { fits } = await setUp({}, { webgpu: 'shader-f16' });
    expect((await fits.compiled())[0]?.fit?.words).toContain('needs about 879 MiB');
  });

  it('fits where it would run, by its own configuration', async () => {
    const { fits, reads } = await setUp({}, { webgpu: 'no shader-f16' });
    const facts = { library: 'l.wasm', contextTokens: 1_024, needsF16: false };
    const bundle = compiledBundle(facts);
    const [told] = await fits.withFits([stored('b')], [bundle]);
    // The weights, 1 GiB of cache, and the engine.
    expect(told?.fit?.words).toMatch(/^needs about 1\.7 GiB .*on the GPU/);
    expect(reads()).toBe(0);
    facts.needsF16 = true;
    expect((await fits.withFits([stored('b')], [bundle]))[0]?.fit).toBeUndefined();
  });

  it('that found no memory, or took more than was thought, is held against that same configuration', async () => {
    const facts = { library: 'l.wasm', contextTokens: 1_024, needsF16: false };
    // Its cache is smaller than is guessed of a model that tells nothing.
    const bundle = compiledBundle(facts, 3.5 * GIB, 2 ** 10);
    const { name, sizeBytes, sha256 } = bundle;
    const source = {
      kind: 'remembered' as const,
      model: { name, sizeBytes, sha256, starter: false, bundle: { id: bundle.id, mlc: facts } },
    };
    const { fits, reads } = await setUp({}, { webgpu: 'shader-f16' }, undefined, [bundle]);
    const told = async () => (await fits.withFits([stored('b', { sizeBytes })], [bundle]))[0]?.fit;
    expect((await told())?.verdict).toBe('fits');
    await fits.failed(source, {}, new AppError('ModelTooLarge', 'no memory'));
    expect((await told())?.verdict).toBe('too-large');
    await fits.loaded(source, {
      ...idleLane.report,
      lane: 'mlc',
      backend: 'webgpu',
      memory: { bytes: 4 * GIB, of: 'buffers' },
    });
    expect((await told())?.words).toContain('really took');
    expect(reads()).toBe(0);
  });
});

describe('the estimate', () => {
  const model = (sha256: string) => ({
    kind: 'remembered' as const,
    model: { name: 'm', sizeBytes: GIB / 2, sha256, starter: false },
  });
  const report: LaneReport = { ...idleLane.report, lane: 'companion', backend: 'cpu' };
  /** 512 MiB of weights and two caches of 2 GiB; of a process 128 MiB are the engine's. */
  const took = (gib: number): LaneReport => ({ ...report, memory: { bytes: gib * GIB, of: 'process' } });
  const noMemory = new AppError('ModelTooLarge', 'no memory');

  it('learns from what a load took, for the same lane and device, over restarts', async () => {
    const stores = createMemoryStores(createMemoryDisk());
    const { fits, of } = await setUp({}, {}, stores);
    await fits.loaded(model('m'), took(5.55));
    expect((await of(stored('m')))?.words).toBe(
      'needs about 5.6 GiB of 16 GiB in the companion, by what loads here really took',
    );
    const later = await setUp({}, {}, stores);
    expect((await later.of(stored('m')))?.words).toContain('needs about 5.6 GiB');
    const tab = await setUp({ forcedLane: 'gguf' }, {}, stores);
    expect((await tab.of(stored('m')))?.words).not.toContain('really took');
    const grown = await setUp({ machine: { memoryBytes: 32 * GIB, cores: 4 } }, {}, stores);
    expect((await grown.of(stored('m')))?.words).not.toContain('really took');
  });

  it('of another GPU is another one', async () => {
    const stores = createMemoryStores(createMemoryDisk());
    const gpu = { webgpu: 'shader-f16', adapter: 'acme gen-1' } as const;
    const { fits, of } = await setUp({}, gpu, stores);
    await fits.loaded(model('m'), {
      ...report,
      lane: 'gguf',
      backend: 'webgpu',
      memory: { bytes: 3 * GIB, of: 'buffers' },
    });
    expect((await of(stored('m')))?.words).toContain('really took');
    const other = await setUp({}, { ...gpu, adapter: 'acme gen-2' }, stores);
    expect((await other.of(stored('m')))?.words).not.toContain('really took');
  });

  it('learns nothing from a lane that does not tell, or a file whose cache had to be guessed', async () => {
    const { fits, of } = await setUp();
    await fits.loaded(model('m'), report);
    await fits.loaded(model('broken'), took(9));
    await fits.loaded({ kind: 'endpoint', model: { id: 'e', name: 'e', address: 'a' } }, took(9));
    expect((await of(stored('m')))?.words).not.toContain('really took');
  });

  it('takes a load that got no memory for a model that does not fit, and no other failure', async () => {
    const { fits, of } = await setUp({ machine: { memoryBytes: 8 * GIB, cores: 4 } });
    const large = { ...stored('broken'), sizeBytes: 3 * GIB };
    const source = { kind: 'found', found: { id: 'f', name: 'f', sizeBytes: 3 * GIB } } as const;
    await fits.failed(source, {}, new AppError('LaneStartFailed', 'else'));
    expect((await of(large))?.verdict).toBe('fits');
    await fits.failed(source, {}, noMemory);
    expect(await of(large)).toMatchObject({
      verdict: 'too-large',
      words: expect.stringContaining('there was no memory for one of this size here') as string,
    });
    expect((await of(stored('m')))?.verdict).toBe('fits');
    // Nobody says of it how large its cache is, nor does this lane tell what it took.
    const { found } = source;
    await fits.loaded({ kind: 'remembered', model: { ...found, sha256: 'broken', starter: false } }, report);
    expect((await of(large))?.verdict).toBe('fits');
  });
});
