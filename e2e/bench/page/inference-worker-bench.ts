/**
 * Owns the realm where a lane of the tab and the bare engine are asked the same, by one clock. It stands for the node
 * worker, but is named as an inference worker is: the bare engine needs the headers that go with that name.
 */
import { expose } from 'comlink';
import type { ModelOffer } from '../../../shared/bridge/messages.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { ChatMessage, GenerateRequest } from '../../../shared/inference/generate.ts';
import type { InferenceLane, LaneReport } from '../../../shared/inference/lane.ts';
import { openWorkerLane } from '../../../web/inference/worker-lane/worker-lane.ts';
import workerUrl from '../../../web/inference/inference-worker.ts?worker&url';
import { createTrustedWorker } from '../../../web/trusted-worker.ts';
import { timeLane, type TimedTurn } from '../timed-turn.ts';
import { RawWllama, type RawSettings } from './raw-wllama.ts';

export interface BenchApi {
  /** In the place of the one before. */
  openLane(offer: ModelOffer): Promise<LaneReport>;
  /** Has it read these beforehand. */
  warmLane(messages: readonly ChatMessage[]): Promise<void>;
  /** All at once. Rejects when one of them is lost. */
  askLane(requests: readonly GenerateRequest[]): Promise<readonly TimedTurn[]>;
  /** As a turn does it: the prompt is counted before it is thought about. */
  countAndAskLane(request: GenerateRequest): Promise<TimedTurn>;
  closeLane(): Promise<void>;
  /** Under a name, in the place of the one before. */
  openRaw(name: string, path: string, settings: RawSettings): Promise<void>;
  /** All at once; undefined for each that has not settled in time. */
  askRaw(
    name: string,
    requests: readonly GenerateRequest[],
    withinMs: number,
  ): Promise<readonly (TimedTurn | undefined)[]>;
  /** All due at once, but one after the other. */
  askRawInOrder(name: string, requests: readonly GenerateRequest[]): Promise<readonly TimedTurn[]>;
  closeRaw(name: string): Promise<void>;
}

const NEVER = new AbortController().signal;
const deps = {
  spawn: () => createTrustedWorker(workerUrl, 'inference'),
  clock: systemClock,
  locks: navigator.locks,
  newLockName: () => `lane-${crypto.randomUUID()}`,
};

let lane: InferenceLane | undefined;
const raws = new Map<string, RawWllama>();

function opened(): InferenceLane {
  if (lane) return lane;
  throw new Error('open a lane first');
}

function rawOf(name: string): RawWllama {
  const raw = raws.get(name);
  if (raw) return raw;
  throw new Error(`no bare engine ${name}`);
}

async function closeRaw(name: string): Promise<void> {
  const raw = raws.get(name);
  raws.delete(name);
  await raw?.close();
}

const api: BenchApi = {
  openLane: async (offer) => {
    await lane?.dispose();
    const options = {
      engine: 'gguf',
      source: { kind: 'offer', offer },
      threads: 1,
      withoutWebgpu: 'not asked for',
    } as const;
    ({ lane } = await openWorkerLane(deps, options, () => undefined, NEVER));
    return lane.report;
  },
  warmLane: async (messages) => {
    await opened().warmup(undefined, messages);
  },
  askLane: (requests) => {
    const dueMs = performance.now();
    return Promise.all(requests.map((request) => timeLane(opened().generate(request), dueMs)));
  },
  countAndAskLane: async (request) => {
    const dueMs = performance.now();
    await opened().countPromptTokens(request.messages);
    return timeLane(opened().generate(request), dueMs);
  },
  closeLane: async () => {
    await lane?.dispose();
    lane = undefined;
  },
  openRaw: async (name, path, settings) => {
    await closeRaw(name);
    raws.set(name, await RawWllama.open(path, settings));
  },
  askRaw: (name, requests, withinMs) => {
    const dueMs = performance.now();
    const signal = AbortSignal.timeout(withinMs);
    const late = systemClock.sleep(withinMs).then(() => undefined);
    return Promise.all(
      requests.map((request) =>
        Promise.race([rawOf(name).ask(request, signal, requests.length > 1 ? dueMs : undefined), late]).catch(
          (error: unknown) => {
            if (signal.aborted) return undefined;
            throw error;
          },
        ),
      ),
    );
  },
  askRawInOrder: async (name, requests) => {
    const dueMs = performance.now();
    const turns: TimedTurn[] = [];
    for (const request of requests) turns.push(await rawOf(name).ask(request, NEVER, dueMs));
    return turns;
  },
  closeRaw,
};

expose(api);
