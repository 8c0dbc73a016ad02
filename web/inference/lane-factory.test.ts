import { describe, expect, it } from 'vitest';
import { randomModel } from '../../e2e/models/random-model.ts';
import { splitModel } from '../../e2e/models/split-model.ts';
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import { systemClock } from '../../shared/clock.ts';
import type { ForcedLane } from '../../shared/inference/lane.ts';
import { createScriptedLane } from '../../shared/testing/scripted-lane.ts';
import type { LaneBridge } from './companion-lane/lane-bridge.ts';
import { createLaneFactory, type OpenedLane } from './lane-factory.ts';
import type { BundleRef, ModelSource } from './models/model-source.ts';
import type { DeviceProbe } from './probe.ts';

const offer = (id: string): ModelOffer => ({
  id,
  name: `${id}.gguf`,
  sizeBytes: 4,
  sha256: `hash-${id}`,
  starter: id === 'default',
  path: `/models/${id}`,
});
const NO_GPU: DeviceProbe = {
  webgpu: 'no adapter',
  wasm: true,
  jspi: true,
  crossOriginIsolated: true,
  cores: 2,
};

function stage(
  source: ModelSource,
  options: {
    asked?: ForcedLane | undefined;
    webgpu?: DeviceProbe['webgpu'];
    available?: boolean;
  } = {},
) {
  const offered: string[] = [];
  const sent: File[] = [];
  const requests: [method: string, params: unknown][] = [];
  let spawned = 0;
  const request = async (method: string, params: unknown): Promise<unknown> => {
    requests.push([method, params]);
    if (method === 'uploadTicket') return { path: '/uploads/t' };
    return createScriptedLane({ clock: systemClock }).report;
  };
  const factory = createLaneFactory({
    bridge: { request: request as LaneBridge['request'] },
    clock: systemClock,
    onOffer: ({ id }) => offered.push(id),
    putFile: (_path, file) => {
      sent.push(file);
      return Promise.resolve(offer('uploaded'));
    },
    files: async () => ({
      find: async (sha256) => (sha256 === 'kept' ? new File(['GGUF'], 'kept.gguf') : undefined),
    }),
    bundles: { files: async (id) => bundles.get(id)?.map((file) => ({ file, sha256: '' })) },
    locks: { request: () => new Promise(() => undefined) },
    newLockName: () => 'lock',
    spawnInferenceWorker: () => {
      spawned += 1;
      throw new TypeError('no workers here');
    },
    probe: async () => ({ ...NO_GPU, ...(options.webgpu && { webgpu: options.webgpu }) }),
  });
  const opened: Promise<OpenedLane> = factory.open({
    source,
    asked: options.asked && { lane: options.asked, by: 'start' },
    companionLane: { available: options.available ?? true, reason: 'no engine' },
    machine: { memoryBytes: 2 ** 30 },
    models: [offer('default'), offer('other')],
    onProgress: () => undefined,
    onReloading: () => undefined,
    signal: new AbortController().signal,
  });
  return { opened, requests, offered, sent, spawned: () => spawned };
}

const whole = randomModel();
const bundles = new Map(
  Object.entries({
    shards: (await splitModel(whole, 2, 'big')).map(({ name, bytes }) => new File([bytes], name)),
  }),
);
const ofBundle = (bundle: BundleRef): ModelSource => ({
  kind: 'remembered',
  model: { name: 'big.gguf', sizeBytes: whole.length, sha256: 'bundle', starter: false, bundle },
});

const remembered = (sha256: string): ModelSource => ({
  kind: 'remembered',
  model: { name: 'mine.gguf', sizeBytes: 4, sha256, starter: false },
});

describe('lane factory', () => {
  it('opens an offer in the companion and says why there', async () => {
    const { opened, requests, spawned } = stage({ kind: 'offer', offer: offer('default') });
    expect(await opened).toMatchObject({
      reason: expect.stringContaining('no adapter'),
      model: { model: { name: 'default.gguf', sha256: 'hash-default', starter: true } },
    });
    expect(requests).toEqual([['laneOpen', { modelId: 'default' }]]);
    expect(spawned()).toBe(0);
  });

  it('brings a dropped file to the companion first', async () => {
    const { opened, requests } = stage({ kind: 'file', file: new File(['GGUF'], 'mine.gguf') });
    expect(await opened).toMatchObject({ model: { model: { sha256: 'hash-uploaded' } } });
    expect(requests).toEqual([
      ['uploadTicket', { name: 'mine.gguf', sizeBytes: 4 }],
      ['laneOpen', { modelId: 'uploaded' }],
    ]);
  });

  it('sends up a model that only this browser has', async () => {
    const { opened, requests } = stage(remembered('kept'));
    await opened;
    expect(requests.map(([method]) => method)).toEqual(['uploadTicket', 'laneOpen']);
  });

  it('sends up a split model that only this browser has as the one file that it is', async () => {
    const { opened, sent } = stage(ofBundle({ id: 'shards' }));
    await opened;
    expect(sent.map(({ name, size }) => [name, size])).toEqual([['big.gguf', whole.length]]);
    await expect(stage(ofBundle({ id: 'gone' })).opened).rejects.toMatchObject({ code: 'ModelNotFound' });
  });

  it('opens a compiled model of this browser in the tab, where the GPU can run it, or nowhere', async () => {
    const mlc = { library: 'l.wasm', contextTokens: 512, needsF16: true };
    const { opened, requests, spawned } = stage(ofBundle({ id: 'b', mlc }), { webgpu: 'shader-f16' });
    // There is no worker here to open it in.
    await expect(opened).rejects.toMatchObject({ code: 'LaneStartFailed' });
    expect([spawned(), requests]).toEqual([1, []]);
    const without = stage(ofBundle({ id: 'b', mlc }), { webgpu: 'no shader-f16' });
    await expect(without.opened).rejects.toMatchObject({
      code: 'NoLane',
      message: expect.stringContaining('compiled for WebGPU in f16'),
    });
    expect([without.spawned(), without.requests]).toEqual([0, []]);
  });

  it('finds a remembered model among what the companion has, or names it as gone', async () => {
    const { opened, requests } = stage(remembered('hash-other'));
    await opened;
    expect(requests).toEqual([['laneOpen', { modelId: 'other' }]]);
    await expect(stage(remembered('hash-gone')).opened).rejects.toMatchObject({
      code: 'ModelNotFound',
      message: expect.stringContaining('mine.gguf'),
    });
  });

  it.each([{ webgpu: 'shader-f16' }, { asked: 'gguf' }] as const)(
    'tries no other lane when the chosen one fails: %o',
    async (options) => {
      const { opened, requests, spawned } = stage({ kind: 'offer', offer: offer('default') }, options);
      await expect(opened).rejects.toMatchObject({ code: 'LaneStartFailed' });
      expect([spawned(), requests]).toEqual([1, []]);
    },
  );

  const huge = { ...offer('huge'), sizeBytes: 5 * 2 ** 30 };
  it.each([
    [{ kind: 'offer', offer: huge }, undefined, 'of 1 GiB in the companion'],
    [{ kind: 'offer', offer: huge }, 'gguf', 'of 4 GiB in this tab'],
    [{ kind: 'remembered', model: huge }, 'gguf', 'of 4 GiB in this tab'],
    [{ kind: 'found', found: huge }, undefined, 'of 1 GiB in the companion'],
  ] as const)('refuses by name what cannot be loaded before it asks for a byte: %o', async (...given) => {
    const [source, asked, words] = given;
    const { opened, requests, spawned } = stage(source, { asked });
    await expect(opened).rejects.toMatchObject({
      code: 'ModelTooLarge',
      message: expect.stringContaining(words),
    });
    expect([spawned(), requests]).toEqual([0, []]);
  });

  it('tries what is only said not to fit', async () => {
    const { opened } = stage({ kind: 'offer', offer: { ...huge, sizeBytes: 2 ** 30 } });
    expect(await opened).toMatchObject({ reason: expect.stringContaining('In the companion') });
  });

  it('is NoLane when the forced one cannot serve', async () => {
    const { opened } = stage(remembered('hash-other'), { asked: 'companion', available: false });
    await expect(opened).rejects.toMatchObject({ code: 'NoLane' });
  });
});
