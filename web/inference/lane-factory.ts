/** Owns opening the lane that the plan chose, with the model that was asked for. */
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { InferenceLane } from '../../shared/inference/lane.ts';
import { openCompanionLane } from './companion-lane/companion-lane.ts';
import type { LaneBridge } from './companion-lane/lane-bridge.ts';
import type { PutFile } from './companion-lane/put-file.ts';
import { uploadModel } from './companion-lane/upload-model.ts';
import { openWorkerLane } from './worker-lane/worker-lane.ts';
import type { WorkerOpenOptions } from './worker-lane/worker-api.ts';
import { requireLoadable, type FitDevices } from './lane-fit.ts';
import type { ModelFiles } from './models/model-files.ts';
import { storedFiles } from './models/model-store.ts';
import { oneFile } from './models/one-file.ts';
import type { StoredBundles } from './models/stored-bundles.ts';
import type {
  EndpointModelRef,
  FileSource,
  FoundModelRef,
  KnownModel,
  ModelSource,
} from './models/model-source.ts';
import { planLane, type AskedLane, type LanePlan } from './plan.ts';
import type { DeviceProbe } from './probe.ts';
import type { LaneProgress, OnLaneProgress } from './progress.ts';
import type { WorkerHandle } from './worker-seam.ts';

export interface LaneFactoryDeps {
  readonly bridge: LaneBridge;
  readonly clock: Clock;
  readonly putFile: PutFile;
  /** The companion has this model from now on. */
  readonly onOffer: (offer: ModelOffer) => void;
  /** Of this browser. */
  readonly files: () => Promise<Pick<ModelFiles, 'find'>>;
  readonly bundles: Pick<StoredBundles, 'files'>;
  readonly locks: Pick<LockManager, 'request'>;
  /** A Web Lock name that nobody else uses. */
  readonly newLockName: () => string;
  readonly spawnInferenceWorker: () => WorkerHandle;
  readonly probe: () => Promise<DeviceProbe>;
}

export interface OpenLaneRequest {
  readonly source: ModelSource;
  readonly asked?: AskedLane | undefined;
  /** As the companion's `ready` says. */
  readonly companionLane: { readonly available: boolean; readonly reason: string };
  readonly machine: FitDevices['machine'];
  readonly models: readonly ModelOffer[];
  /** As {@link LanePlanInput.isGpuLost}. */
  readonly isGpuLost?: boolean;
  readonly onProgress: OnLaneProgress;
  /** How far the lane is with being loaded again, whenever that comes; undefined when it is over. */
  readonly onReloading: (progress: LaneProgress | undefined) => void;
  readonly signal: AbortSignal;
}

export interface OpenedLane {
  readonly lane: InferenceLane;
  /** Gives the model's memory back; the next call loads it again. Absent where this tab holds none. */
  readonly unload?: () => void;
  /** For the person: which lane, and why. */
  readonly reason: string;
  /** Give it as source to open the same model again. */
  readonly model: KnownModel;
}

export interface LaneFactory {
  /** Rejects with `NoLane`, or with what the chosen lane fails with; another lane is never tried in its place. */
  open(request: OpenLaneRequest): Promise<OpenedLane>;
}

export function createLaneFactory(deps: LaneFactoryDeps): LaneFactory {
  return {
    open: async (request) => {
      const { source } = request;
      if (source.kind === 'endpoint') return openEndpoint(deps, source.model, request);
      const known = source.kind === 'found' ? source : offeredAgain(source, request.models);
      const probe = await deps.probe();
      const plan = planLane({
        probe,
        asked: request.asked,
        companionLane: request.companionLane,
        isGpuLost: request.isGpuLost ?? false,
        mlc: mlcOf(known),
      });
      requireLoadable(known, plan, { probe, machine: request.machine });
      const file = known.kind === 'found' ? await adopt(deps, known.found, request) : known;
      const opened = await openPlanned(deps, file, request, plan);
      return { ...opened, reason: plan.reason };
    },
  };
}

type Opened = Omit<OpenedLane, 'reason'>;

/** The person's choice, over every plan. */
export function endpointReason({ address }: EndpointModelRef): string {
  return `At ${address}, as you chose: what is said in the room is sent there.`;
}

/** The companion reads it once, to know its hash; from then on it is as any other model of the companion. */
async function adopt(
  { bridge, onOffer }: LaneFactoryDeps,
  { id, name }: FoundModelRef,
  { onProgress, signal }: OpenLaneRequest,
): Promise<FileSource> {
  const tell = (done: number, total: number): void => {
    onProgress({ what: `Reading ${name}`, done, total, unit: 'bytes' });
  };
  tell(0, 0);
  const offer = await bridge.request('adoptModel', { id }, { signal, onProgress: tell });
  onOffer(offer);
  return { kind: 'offer', offer };
}

async function openEndpoint(
  deps: LaneFactoryDeps,
  model: EndpointModelRef,
  { onProgress, signal }: OpenLaneRequest,
): Promise<OpenedLane> {
  onProgress({ what: `Asking ${model.address}`, done: 0, total: 0, unit: 'steps' });
  const lane = await openCompanionLane(deps, model.id, signal);
  return { lane, reason: endpointReason(model), model: { kind: 'endpoint', model } };
}

function openPlanned(
  deps: LaneFactoryDeps,
  source: FileSource,
  request: OpenLaneRequest,
  plan: LanePlan,
): Promise<Opened> {
  switch (plan.lane) {
    case 'mlc':
      if (source.kind === 'offer') return openInTab(deps, { engine: 'mlc', offer: source.offer }, request);
      if (source.kind === 'remembered')
        return openInTab(deps, { engine: 'mlc', stored: source.model }, request);
      throw new AppError('ModelNotFound', 'The companion has that model no more.');
    case 'gguf': {
      const { withoutWebgpu, threads } = plan;
      const options = { source, threads, ...(withoutWebgpu === undefined ? {} : { withoutWebgpu }) };
      return openInTab(deps, { engine: 'gguf', ...options }, request);
    }
    case 'companion':
      return openInCompanion(deps, source, request);
  }
}

async function openInTab(
  deps: LaneFactoryDeps,
  options: WorkerOpenOptions,
  { onProgress, onReloading, signal }: OpenLaneRequest,
): Promise<Opened> {
  const worker = { ...deps, spawn: deps.spawnInferenceWorker, onReloading };
  const { lane, unload, model } = await openWorkerLane(worker, options, onProgress, signal);
  return { lane, unload, model: { kind: 'remembered', model } };
}

async function openInCompanion(
  deps: LaneFactoryDeps,
  source: FileSource,
  { onProgress, signal }: OpenLaneRequest,
): Promise<Opened> {
  const offer =
    source.kind === 'offer'
      ? source.offer
      : await uploadModel(await fileOf(source, deps), deps, onProgress, signal);
  deps.onOffer(offer);
  onProgress({ what: `Loading ${offer.name}`, done: 0, total: 0, unit: 'steps' });
  const lane = await openCompanionLane(deps, offer.id, signal);
  const unload = (): void => {
    void lane.release();
  };
  const { name, sizeBytes, sha256, starter } = offer;
  return { lane, unload, model: { kind: 'remembered', model: { name, sizeBytes, sha256, starter } } };
}

/** Under the name that people know: in this browser a file is called after its hash. */
async function fileOf(source: Exclude<FileSource, { kind: 'offer' }>, deps: LaneFactoryDeps): Promise<File> {
  if (source.kind === 'file') return source.file;
  const { name } = source.model;
  const stored = await storedFiles(source.model, { files: await deps.files(), bundles: deps.bundles });
  if (!stored)
    throw new AppError('ModelNotFound', `Neither the companion nor this browser has ${name} any more.`);
  return new File([await oneFile(stored)], name);
}

/** What the companion has can be had from it again, also when it was dropped here first. */
export function offeredAgain(source: FileSource, models: readonly ModelOffer[]): FileSource {
  if (source.kind !== 'remembered') return source;
  const offer = models.find(({ sha256 }) => sha256 === source.model.sha256);
  return offer ? { kind: 'offer', offer } : source;
}

/** What is compiled of the model; undefined for a GGUF file, as all are that are found. */
export function mlcOf(source: Exclude<ModelSource, { kind: 'endpoint' }>): ModelOffer['mlc'] {
  if (source.kind === 'offer') return source.offer.mlc;
  return source.kind === 'remembered' ? source.model.bundle?.mlc : undefined;
}
