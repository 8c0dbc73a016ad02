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
import { oneFile } from '../../../web/inference/models/one-file.ts';
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
  /** As the person does who chooses all parts of a model, which are served at these paths. */
  openParts(
    paths: readonly string[],
    options: { readonly threads: number; readonly withoutWebgpu?: string },
  ): Promise<Outcome<OpenedInRig>>;
  /** Runs the acceptance suite on the opened lane, with `worker.terminate()` as its death. */
  accept(longAnswerTokens: number): Promise<readonly CaseOutcome[]>;
  /** Names in the browser's model folder. */
  storedFiles(): Promise<readonly string[]>;
  /** One after the other. */
  generate(requests: readonly GenerateRequest[]): Promise<Outcome<readonly GenerateResult[]>>;
  /** Stops at the first word; how that ended. */
  abort(request: GenerateRequest): Promise<Outcome<undefined>>;
  /** Reads and counts it, as it is done before anybody asks. */
  prime(messages: GenerateRequest['messages']): Promise<Outcome<number>>;
  /** All at once; each prompt is counted first, as a turn does it. */
  countAndGenerate(requests: readonly GenerateRequest[]): Promise<Outcome<readonly GenerateResult[]>>;
  embed(texts: readonly string[]): Promise<Outcome<readonly (readonly number[])[]>>;
  /** Ends the worker of the lane; the next call loads the model again. */
  unload(): Promise<void>;
  close(): Promise<void>;
}

/** The shaders of a compiled model take long on a software GPU. */
const OPEN_WITHIN_MS = 120_000;

let lane: InferenceLane | undefined;
let unload: (() => void) | undefined;
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
    ({ lane, unload } = result);
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
  openParts: async (paths, options) => {
    const files: File[] = [];
    for (const path of paths)
      files.push(new File([await (await fetch(path)).blob()], path.replace(/.*\//, '')));
    const file = await outcome(() => oneFile(files));
    return file.ok ? open({ engine: 'gguf', source: { kind: 'file', file: file.value }, ...options }) : file;
  },
  accept: async (longAnswerTokens) => {
    const cases = laneAcceptance({
      open: () => Promise.resolve(opened()),
      kill: () => engineWorker?.terminate(),
      embeds: opened().report.lane === 'gguf',
      takesAdapters: opened().report.lane === 'gguf',
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
  abort: (request) =>
    outcome(async () => {
      const aborter = new AbortController();
      const reader = opened().generate(request, aborter.signal).getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return undefined;
        if (value.kind === 'delta') aborter.abort();
      }
    }),
  prime: (messages) =>
    outcome(async () => {
      await opened().warmup(undefined, messages);
      return opened().countPromptTokens(messages);
    }),
  countAndGenerate: (requests) =>
    outcome(() =>
      Promise.all(
        requests.map(async (request) => {
          await opened().countPromptTokens(request.messages);
          return resultOf(await readAll(opened().generate(request)));
        }),
      ),
    ),
  embed: (texts) =>
    outcome(async () => {
      const vectors: number[][] = [];
      for (const text of texts) vectors.push(Array.from(await opened().embed(text)));
      return vectors;
    }),
  unload: () => {
    unload?.();
    return Promise.resolve();
  },
  close: async () => {
    await lane?.dispose();
    lane = undefined;
  },
};

expose(api);
