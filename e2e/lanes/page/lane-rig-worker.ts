/** Owns the realm that stands for the node worker in the lane tests: it opens lanes of the tab and runs the suite on them. */
import { expose } from 'comlink';
import type { ModelOffer } from '../../../shared/bridge/messages.ts';
import { systemClock } from '../../../shared/clock.ts';
import { toWireError, type WireError } from '../../../shared/errors.ts';
import type { GenerateRequest, GenerateResult } from '../../../shared/inference/generate.ts';
import type { InferenceLane, LaneReport } from '../../../shared/inference/lane.ts';
import { laneAcceptance, readAll, resultOf } from '../../../shared/testing/lane-acceptance.ts';
import type { WorkerOpenOptions } from '../../../web/inference/worker-lane/worker-api.ts';
import { openWorkerLane } from '../../../web/inference/worker-lane/worker-lane.ts';
import workerUrl from '../../../web/inference/inference-worker.ts?worker&url';
import type { FileSource, RememberedModel } from '../../../web/inference/models/model-source.ts';
import { planLane, type LanePlan } from '../../../web/inference/plan.ts';
import { probeDevice, type DeviceProbe } from '../../../web/inference/probe.ts';
import type { LaneProgress } from '../../../web/inference/progress.ts';
import { createTrustedWorker } from '../../../web/trusted-worker.ts';

export interface CaseOutcome {
  readonly name: string;
  readonly error?: string;
  readonly ms: number;
}

type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: WireError };

export interface OpenedInRig {
  readonly report: LaneReport;
  readonly model: RememberedModel;
  readonly progress: readonly LaneProgress[];
}

export interface LaneRigApi {
  probe(): Promise<{ readonly probe: DeviceProbe; readonly plan: LanePlan; readonly isolated: boolean }>;
  openMlc(offer: ModelOffer): Promise<Outcome<OpenedInRig>>;
  open(
    source: FileSource,
    options: { readonly threads: number; readonly withoutWebgpu?: string },
  ): Promise<Outcome<OpenedInRig>>;
  /** Runs the acceptance suite on the opened lane, with `worker.terminate()` as its death. */
  accept(longAnswerTokens: number): Promise<readonly CaseOutcome[]>;
  /** Names in the browser's model folder. */
  storedFiles(): Promise<readonly string[]>;
  generate(requests: readonly GenerateRequest[]): Promise<Outcome<readonly GenerateResult[]>>;
  embed(texts: readonly string[]): Promise<Outcome<readonly (readonly number[])[]>>;
  close(): Promise<void>;
}

/** The shaders of a compiled model take long on a software GPU. */
const OPEN_WITHIN_MS = 120_000;

let lane: InferenceLane | undefined;
let engineWorker: Worker | undefined;

const deps = {
  spawn: () => (engineWorker = createTrustedWorker(workerUrl, 'inference')),
  clock: systemClock,
  locks: navigator.locks,
  newLockName: () => `lane-${crypto.randomUUID()}`,
};

function opened(): InferenceLane {
  if (lane) return lane;
  throw new Error('open a lane first');
}

async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: toWireError(error) };
  }
}

function open(options: WorkerOpenOptions): Promise<Outcome<OpenedInRig>> {
  return outcome(async () => {
    const progress: LaneProgress[] = [];
    const onProgress = (step: LaneProgress): void => {
      progress.push(step);
    };
    const result = await openWorkerLane(deps, options, onProgress, AbortSignal.timeout(OPEN_WITHIN_MS));
    lane = result.lane;
    return { report: lane.report, model: result.model, progress };
  });
}

const api: LaneRigApi = {
  probe: async () => {
    const probe = await probeDevice(globalThis);
    const companionLane = { available: true, reason: '' };
    return { probe, plan: planLane({ probe, companionLane }), isolated: globalThis.crossOriginIsolated };
  },
  open: (source, options) => open({ engine: 'gguf', source, ...options }),
  openMlc: (offer) => open({ engine: 'mlc', offer }),
  accept: async (longAnswerTokens) => {
    const cases = laneAcceptance({
      open: () => Promise.resolve(opened()),
      kill: () => engineWorker?.terminate(),
      embeds: opened().report.lane === 'gguf',
      takesAdapters: false,
      followsGrammar: true,
      longAnswerTokens,
    });
    const outcomes: CaseOutcome[] = [];
    for (const laneCase of cases) {
      const startedMs = performance.now();
      const error = await laneCase.run().then(
        () => undefined,
        (thrown: unknown) => String(thrown),
      );
      const ms = performance.now() - startedMs;
      outcomes.push({ name: laneCase.name, ms, ...(error === undefined ? {} : { error }) });
    }
    return outcomes;
  },
  storedFiles: async () => {
    const root = await navigator.storage.getDirectory();
    const names: string[] = [];
    for await (const name of (await root.getDirectoryHandle('models', { create: true })).keys())
      names.push(name);
    return names;
  },
  generate: (requests) =>
    outcome(async () => {
      const results: GenerateResult[] = [];
      for (const request of requests) results.push(resultOf(await readAll(opened().generate(request))));
      return results;
    }),
  embed: (texts) =>
    outcome(async () => {
      const vectors: number[][] = [];
      for (const text of texts) vectors.push(Array.from(await opened().embed(text)));
      return vectors;
    }),
  close: async () => {
    await lane?.dispose();
    lane = undefined;
  },
};

expose(api);
