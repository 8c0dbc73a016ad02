/** Owns opening the lane that the plan chose, with the model that was asked for. */
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { InferenceLane, LaneId } from '../../shared/inference/lane.ts';
import { openCompanionLane } from './companion-lane/companion-lane.ts';
import type { LaneBridge } from './companion-lane/lane-bridge.ts';
import type { PutFile } from './companion-lane/put-file.ts';
import { uploadModel } from './companion-lane/upload-model.ts';
import { openGgufLane } from './gguf/gguf-lane.ts';

import type { ModelFiles } from './models/model-files.ts';
import type { ModelSource, RememberedModel } from './models/model-source.ts';
import { planLane, type LanePlan } from './plan.ts';
import type { DeviceProbe } from './probe.ts';
import type { OnLaneProgress } from './progress.ts';
import type { WorkerHandle } from './worker-seam.ts';

export interface LaneFactoryDeps {
  readonly bridge: LaneBridge;
  readonly clock: Clock;
  readonly putFile: PutFile;
  /** Of this browser. */
  readonly files: () => Promise<Pick<ModelFiles, 'find'>>;
  readonly locks: Pick<LockManager, 'request'>;
  /** A Web Lock name that nobody else uses. */
  readonly newLockName: () => string;
  readonly spawnInferenceWorker: () => WorkerHandle;
  readonly probe: () => Promise<DeviceProbe>;
}

export interface OpenLaneRequest {
  readonly source: ModelSource;
  readonly forcedLane?: LaneId | undefined;
  /** As the companion's `ready` says. */
  readonly companionLane: { readonly available: boolean; readonly reason: string };
  readonly models: readonly ModelOffer[];
  readonly onProgress: OnLaneProgress;
  readonly signal: AbortSignal;
}

export interface OpenedLane {
  readonly lane: InferenceLane;
  /** For the person: which lane, and why. */
  readonly reason: string;
  /** Store it, and give it as source `remembered` to open the same model again. */
  readonly model: RememberedModel;
}

export interface LaneFactory {
  /** Rejects with `NoLane`, or with what the chosen lane fails with; another lane is never tried in its place. */
  open(request: OpenLaneRequest): Promise<OpenedLane>;
}

export function createLaneFactory(deps: LaneFactoryDeps): LaneFactory {
  return {
    open: async (request) => {
      const plan = planLane({
        probe: await deps.probe(),
        forcedLane: request.forcedLane,
        companionLane: request.companionLane,
      });
      const opened =
        plan.lane === 'gguf' ? await openInTab(deps, request, plan) : await openInCompanion(deps, request);
      return { ...opened, reason: plan.reason };
    },
  };
}

type Opened = Omit<OpenedLane, 'reason'>;

function openInTab(
  deps: LaneFactoryDeps,
  request: OpenLaneRequest,
  plan: Extract<LanePlan, { lane: 'gguf' }>,
): Promise<Opened> {
  const { withoutWebgpu, threads } = plan;
  return openGgufLane(
    { ...deps, spawn: deps.spawnInferenceWorker },
    {
      source: offeredAgain(request),
      threads,
      ...(withoutWebgpu === undefined ? {} : { withoutWebgpu }),
    },
    request.onProgress,
    request.signal,
  );
}

async function openInCompanion(deps: LaneFactoryDeps, request: OpenLaneRequest): Promise<Opened> {
  const { onProgress, signal } = request;
  const source = offeredAgain(request);
  const offer =
    source.kind === 'offer'
      ? source.offer
      : await uploadModel(await fileOf(source, deps), deps, onProgress, signal);
  onProgress({ what: `Loading ${offer.name}`, done: 0, total: 0, unit: 'steps' });
  const lane = await openCompanionLane(deps, offer.id, signal);
  const { name, sizeBytes, sha256, starter } = offer;
  return { lane, model: { name, sizeBytes, sha256, starter } };
}

/** Under the name that people know: in this browser a file is called after its hash. */
async function fileOf(source: Exclude<ModelSource, { kind: 'offer' }>, deps: LaneFactoryDeps): Promise<File> {
  if (source.kind === 'file') return source.file;
  const { name, sha256 } = source.model;
  const stored = await (await deps.files()).find(sha256);
  if (!stored)
    throw new AppError('ModelNotFound', `Neither the companion nor this browser has ${name} any more.`);
  return new File([stored], name);
}

/** What the companion has can be had from it again, also when it was dropped here first. */
function offeredAgain({ source, models }: OpenLaneRequest): ModelSource {
  if (source.kind !== 'remembered') return source;
  const offer = models.find(({ sha256 }) => sha256 === source.model.sha256);
  return offer ? { kind: 'offer', offer } : source;
}
