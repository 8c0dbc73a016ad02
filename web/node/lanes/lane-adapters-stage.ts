/** Owns the stage of the tests of what the node thinks with: a factory that opens nothing, and everything it was asked. */
import { AppError } from '../../../shared/errors.ts';
import type { Ready } from '../../../shared/bridge/protocol.ts';
import { idleLane } from '../../../shared/testing/host-stand-ins.ts';
import { createMemoryDisk, createMemoryStores } from '../../../shared/testing/memory-node-stores.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import type { OpenLaneRequest } from '../../inference/lane-factory.ts';
import type { LaneView } from '../view.ts';
import { keptShare } from './device-share.ts';
import { keptPlace } from './lane-place.ts';
import { LaneAdapters } from './lane-adapters.ts';
import { createModelChoice } from './model-choice.ts';
import { SpeedBook } from './speed-book.ts';

export const MAYA = { personaId: 'maya' };
export const ROBIN = { personaId: 'robin' };

export const offer = (sha256: string) => ({
  id: sha256,
  name: `${sha256}.gguf`,
  sizeBytes: 1,
  sha256,
  starter: sha256 === 'default',
  path: `/models/${sha256}`,
});

export async function setUp(models = [offer('default')]) {
  const disk = createMemoryDisk();
  const clock = new VirtualClock();
  const ready = {
    companionLane: { available: true, reason: '' },
    machine: { memoryBytes: 2 ** 30, cores: 2 },
    models,
  } as unknown as Ready;
  const opened: OpenLaneRequest['source'][] = [];
  const gpuLost: unknown[] = [];
  const asked: unknown[] = [];
  const views: LaneView[] = [];
  const loaded: string[] = [];
  const notLoaded: unknown[] = [];
  let refusal: AppError | undefined;
  let failure: AppError | undefined;
  let failing: OpenLaneRequest['source']['kind'] = 'offer';
  let closed = 0;
  const { settings } = createMemoryStores(disk);
  const create = async () =>
    new LaneAdapters({
      speeds: await SpeedBook.load(settings),
      share: await keptShare(settings),
      place: await keptPlace(settings),
      onTrouble: () => undefined,
      factory: {
        open: (request) => {
          opened.push(request.source);
          gpuLost.push(request.isGpuLost);
          asked.push(request.asked);
          request.onProgress({ what: 'Fetching', done: 1, total: 2, unit: 'bytes' });
          if (failure && request.source.kind === failing) return Promise.reject(failure);
          const name = request.source.kind === 'file' ? request.source.file.name : 'default';
          return Promise.resolve({
            lane: {
              ...idleLane,
              dispose: () => {
                closed += 1;
                return Promise.resolve();
              },
            },
            reason: 'because',
            model: { kind: 'remembered', model: { name, sizeBytes: 1, sha256: name, starter: false } },
          });
        },
      },
      models: createModelChoice(createMemoryStores(disk).settings),
      clock,
      probe: () =>
        Promise.resolve({ webgpu: 'no WebGPU', wasm: true, jspi: true, crossOriginIsolated: true, cores: 2 }),
      checkFile: () => (refusal ? Promise.reject(refusal) : Promise.resolve()),
      ready: () => ready,
      onChange: (view) => views.push(view),
      onOpened: (model) => loaded.push(model.model.name),
      onNotLoaded: (source, { isGpuLost, asked: where }, error) =>
        notLoaded.push([source.kind, isGpuLost, error.code, ...(where ? [where.lane] : [])]),
    });
  return {
    create,
    adapters: await create(),
    opened,
    gpuLost,
    asked,
    ready,
    clock,
    views,
    notLoaded,
    models,
    settings,
    fail: (error: AppError | undefined, source: typeof failing = 'offer') => {
      failure = error;
      failing = source;
    },
    refuse: (error: AppError) => (refusal = error),
    closed: () => closed,
  };
}
