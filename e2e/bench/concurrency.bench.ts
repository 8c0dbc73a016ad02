import { afterAll, beforeAll, expect, it } from 'vitest';
import type { GenerateRequest } from '../../shared/inference/generate.ts';
import { startBenchPage, type BenchPage } from './bench-page.ts';
import { shortRequest, writeBenchModels, type BenchModels } from './bench-models.ts';
import { ms, spreadOf, verdict } from './report.ts';
import { interleave } from './rounds.ts';
import type { TimedTurn } from './timed-turn.ts';

const DUE_AT_ONCE = [1, 2, 4, 8, 12];
/** The fewer are due, the sooner a round is over. */
const roundsOf = (due: number): number => Math.min(8, Math.max(3, 16 / due));
const TOKENS = 12;
const PROMPT_CHARS = 30;
/** The default of wllama. */
const PARALLEL = 4;
/** So many times what all took one after the other: whoever has not answered by then never will. */
const PATIENCE = 1.25;
const LEAST_PATIENCE_MS = 4_000;
const LAST_AT_MOST = 1.1;
const FIRST_AT_MOST = 1.5;

let models: BenchModels;
let page: BenchPage;
let contextTokens: number;
beforeAll(async () => {
  models = await writeBenchModels();
  page = await startBenchPage({ mid: models.mid });
  ({ contextTokens } = await page.openLane('mid'));
  await page.openRaw('serial', 'mid', { contextTokens, parallel: 1 });
  await page.openRaw('parallel', 'mid', { contextTokens, parallel: PARALLEL });
});
afterAll(async () => {
  await page.stop();
  await models.remove();
});

interface Burst {
  /** To the first token of the request that came first. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly lost: number;
}

function burstOf(turns: readonly (TimedTurn | undefined)[]): Burst {
  const answered = turns.filter((turn) => turn !== undefined);
  return {
    firstMs: turns[0]?.firstMs ?? NaN,
    lastMs: Math.max(...answered.map(({ totalMs }) => totalMs)),
    lost: turns.length - answered.length,
  };
}

/** No two requests alike, in any round. */
function burst(round: number, due: number): GenerateRequest[] {
  return Array.from({ length: due }, (_, at) =>
    shortRequest(1_000 * due + 20 * round + at, TOKENS, PROMPT_CHARS),
  );
}

it.each(DUE_AT_ONCE)('%d requests due at once', async (due) => {
  const rounds = roundsOf(due);
  let slowestMs = 0;
  const noted = (turns: readonly (TimedTurn | undefined)[]): Burst => {
    const seen = burstOf(turns);
    slowestMs = Math.max(slowestMs, seen.lastMs);
    return seen;
  };
  const runs = await interleave<'lane' | 'serial' | 'control' | 'parallel', Burst>(rounds, {
    lane: async (round) => noted(await page.askLane(burst(round, due))),
    serial: async (round) => noted(await page.askRawInOrder('serial', burst(round, due))),
    control: async (round) => noted(await page.askRawInOrder('serial', burst(round + rounds + 1, due))),
    parallel: async (round) => {
      const withinMs = Math.max(LEAST_PATIENCE_MS, PATIENCE * slowestMs);
      const seen = burstOf(await page.askRaw('parallel', burst(round, due), withinMs));
      // What it lost may still hold its slots.
      if (seen.lost > 0) await page.openRaw('parallel', 'mid', { contextTokens, parallel: PARALLEL });
      return seen;
    },
  });
  expect(runs.lane.map(({ lost }) => lost)).toEqual(runs.lane.map(() => 0));

  const { lane, serial, parallel } = runs;
  const lost = parallel.reduce((sum, run) => sum + run.lost, 0);
  const of = (samples: readonly Burst[], pick: (run: Burst) => number): number =>
    spreadOf(samples.map(pick)).median;
  const last = (run: Burst): number => run.lastMs;
  const first = (run: Burst): number => run.firstMs;
  const better = serial.map((run, at) =>
    Math.min(run.lastMs, lost > 0 ? Infinity : (parallel[at]?.lastMs ?? Infinity)),
  );
  const lastRatio = spreadOf(lane.map((run, at) => run.lastMs / (better[at] ?? NaN))).median;
  const firstRatio = spreadOf(lane.map((run, at) => run.firstMs / (serial[at]?.firstMs ?? NaN))).median;
  const aa = spreadOf(runs.control.map((run, at) => run.lastMs / (serial[at]?.lastMs ?? NaN))).median;
  const isBlurred = Math.abs(aa - 1) > 0.15;
  const all = `${due * rounds}`;
  const together = lost > 0 ? `${lost} of ${all} lost` : ms(of(parallel, last));
  console.log(
    `B5 ${due} at once, last reply: ${ms(of(lane, last))}; bare wllama in order ${ms(of(serial, last))}, ` +
      `together ${together}; ratio to the best that loses none ${lastRatio.toFixed(2)}; A/A ${aa.toFixed(2)}; ` +
      `target <= ${LAST_AT_MOST}x; ${verdict(lastRatio <= LAST_AT_MOST, isBlurred)}`,
  );
  console.log(
    `B5 ${due} at once, first token of the first: ${ms(of(lane, first))}; bare wllama in order ` +
      `${ms(of(serial, first))}, together ${ms(of(parallel, first))}; ratio to in order ${firstRatio.toFixed(2)}; ` +
      `target <= ${FIRST_AT_MOST}x; ${verdict(firstRatio <= FIRST_AT_MOST, isBlurred)}`,
  );
  console.log(
    `B5 ${due} at once, lost: 0 of ${all}; bare wllama together ${lost} of ${all}; target 0; ${verdict(true)}`,
  );
});
