/** Owns the stage of the benchmarks in a browser: the built bench page, its server, a Chromium, models by name. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ChatMessage, GenerateRequest } from '../../shared/inference/generate.ts';
import type { LaneReport } from '../../shared/inference/lane.ts';
import { startLaneRig } from '../lanes/lane-rig.ts';
import { launchChromium } from '../run/chromium.ts';
// The declaration of what the page gives away.
import type {} from './page/main.ts';
import type { RawSettings } from './page/raw-wllama.ts';
import type { TimedTurn } from './timed-turn.ts';

export interface BenchPage {
  /** Loaded, not warmed up. */
  openLane(modelId: string): Promise<LaneReport>;
  warmLane(messages: readonly ChatMessage[]): Promise<void>;
  askLane(requests: readonly GenerateRequest[]): Promise<readonly TimedTurn[]>;
  countAndAskLane(request: GenerateRequest): Promise<TimedTurn>;
  closeLane(): Promise<void>;
  openRaw(name: string, modelId: string, settings: RawSettings): Promise<void>;
  askRaw(
    name: string,
    requests: readonly GenerateRequest[],
    withinMs: number,
  ): Promise<readonly (TimedTurn | undefined)[]>;
  askRawInOrder(name: string, requests: readonly GenerateRequest[]): Promise<readonly TimedTurn[]>;
  closeRaw(name: string): Promise<void>;
  stop(): Promise<void>;
}

const pathOf = (modelId: string): string => `/models/${modelId}`;

/** `models`: id → file. */
export async function startBenchPage(models: Readonly<Record<string, string>>): Promise<BenchPage> {
  const served = new Map(Object.entries(models).map(([id, file]) => [pathOf(id), file]));
  const rig = await startLaneRig(served, { page: new URL('page', import.meta.url) });
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.goto(rig.origin);
  return {
    openLane: async (modelId) => {
      const bytes = await readFile(models[modelId] ?? '');
      const offer = {
        id: modelId,
        name: modelId,
        sizeBytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        starter: false,
        path: pathOf(modelId),
      };
      return page.evaluate(async (given) => window.bench.openLane(given), offer);
    },
    warmLane: (messages) => page.evaluate(async (given) => window.bench.warmLane(given), [...messages]),
    askLane: (requests) => page.evaluate(async (asked) => window.bench.askLane(asked), [...requests]),
    countAndAskLane: (request) =>
      page.evaluate(async (asked) => window.bench.countAndAskLane(asked), request),
    closeLane: () => page.evaluate(async () => window.bench.closeLane()),
    openRaw: (name, modelId, settings) =>
      page.evaluate(async (given) => window.bench.openRaw(...given), [
        name,
        pathOf(modelId),
        settings,
      ] as const),
    askRaw: (name, requests, withinMs) =>
      page.evaluate(async (given) => window.bench.askRaw(...given), [name, [...requests], withinMs] as const),
    askRawInOrder: (name, requests) =>
      page.evaluate(async (given) => window.bench.askRawInOrder(...given), [name, [...requests]] as const),
    closeRaw: (name) => page.evaluate(async (given) => window.bench.closeRaw(given), name),
    stop: async () => {
      await browser.close();
      await rig.stop();
    },
  };
}
