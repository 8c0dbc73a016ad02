import { describe, expect, it } from 'vitest';
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import { systemClock } from '../../shared/clock.ts';
import type { ForcedLane } from '../../shared/inference/lane.ts';
import { createScriptedLane } from '../../shared/testing/scripted-lane.ts';
import type { LaneBridge } from './companion-lane/lane-bridge.ts';
import { createLaneFactory, type OpenedLane } from './lane-factory.ts';
import type { ModelSource } from './models/model-source.ts';
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
    forcedLane?: ForcedLane | undefined;
    webgpu?: DeviceProbe['webgpu'];
    available?: boolean;
  } = {},
) {
  const offered: string[] = [];
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
    putFile: () => Promise.resolve(offer('uploaded')),
    files: async () => ({
      find: async (sha256) => (sha256 === 'kept' ? new File(['GGUF'], 'kept.gguf') : undefined),
    }),
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
    forcedLane: options.forcedLane,
    companionLane: { available: options.available ?? true, reason: 'no engine' },
    machine: { memoryBytes: 2 ** 30 },
    models: [offer('default'), offer('other')],
    onProgress: () => undefined,
    onReloading: () => undefined,
    signal: new AbortController().signal,
  });
  return { opened, requests, offered, spawned: () => spawned };
}

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

  it('finds a remembered model among what the companion has, or names it as gone', async () => {
    const { opened, requests } = stage(remembered('hash-other'));
    await opened;
    expect(requests).toEqual([['laneOpen', { modelId: 'other' }]]);
    await expect(stage(remembered('hash-gone')).opened).rejects.toMatchObject({
      code: 'ModelNotFound',
      message: expect.stringContaining('mine.gguf'),
    });
  });

  it.each([{ webgpu: 'shader-f16' }, { forcedLane: 'gguf' }] as const)(
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
    const [source, forcedLane, words] = given;
    const { opened, requests, spawned } = stage(source, { forcedLane });
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
    const { opened } = stage(remembered('hash-other'), { forcedLane: 'companion', available: false });
    await expect(opened).rejects.toMatchObject({ code: 'NoLane' });
  });
});
