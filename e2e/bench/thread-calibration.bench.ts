import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ModelToOpen, OpenedModel } from '../../companion/llama/child-messages.ts';
import { startEngine } from '../../companion/llama/engine.ts';
import { threadCandidates } from '../../companion/llama/thread-choice.ts';
import { systemClock } from '../../shared/clock.ts';
import type { GenerateResult } from '../../shared/inference/generate.ts';
import { plain } from '../../shared/testing/lane-acceptance.ts';
import { randomModel } from '../models/random-model.ts';
import { spreadOf, verdict } from './report.ts';
import { interleave } from './rounds.ts';

/** 64 MB in F16. */
const SHAPE = { layers: 3, width: 1024, heads: 8, cacheHeads: 8, hidden: 2048, contextTokens: 2048 };
const TOKENS = 64;
/** Of an arm that needs longer than {@link SLOW_MS} for an answer: it has lost, and costs the run minutes. */
const FEW_TOKENS = 8;
const SLOW_MS = 4_000;
const ROUNDS = 5;
/** One answer of a fast arm is over in a moment, in which anything may have happened: its sample is of several. */
const SAMPLE_MS = 1_500;
const OF_BEST = 0.9;
const OF_DEFAULT = 3;
/** A control that is further off than this leaves nothing to conclude. */
const CONTROL_WITHIN = 0.15;

const NEVER = new AbortController().signal;
const CORES = availableParallelism();
const STATIC = [...new Set([...threadCandidates(CORES), Math.max(1, CORES - 1)])].toSorted((a, b) => a - b);

interface Arm {
  readonly opened: OpenedModel;
  readonly tokensPerSecond: () => Promise<number>;
}

let folder: string;
let path: string;
const ends: (() => Promise<void>)[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-threads-'));
  path = join(folder, 'model.gguf');
  await writeFile(path, randomModel({ seed: 7, type: 'F16', shape: SHAPE }));
});
afterAll(async () => {
  for (const end of ends) await end();
  await rm(folder, { recursive: true, force: true });
});

async function openArm(threads: ModelToOpen['threads']): Promise<Arm> {
  const engine = await startEngine({ maxThreads: CORES, clock: systemClock, onLog: () => undefined });
  ends.push(() => engine.dispose());
  const opened = await engine.open(
    { path, contextTokens: 512, threads, bosToken: '', eosToken: '', controlTokens: [] },
    NEVER,
  );
  let tokens = TOKENS;
  const answer = async (): Promise<number> => {
    const results: GenerateResult[] = [];
    await engine.generate(
      plain('Go on.', tokens),
      (chunk) => {
        if (chunk.kind === 'done') results.push(chunk.result);
      },
      NEVER,
    );
    const [result] = results;
    if (result?.completionTokens !== tokens) throw new Error('The model ended its answer.');
    const speed = ((tokens - 1) * 1_000) / (result.totalMs - result.firstTokenMs);
    if (result.totalMs > SLOW_MS) tokens = FEW_TOKENS;
    return speed;
  };
  return {
    opened,
    tokensPerSecond: async () => {
      // The machine still makes up for what the arm before this one took.
      await answer();
      const beganMs = performance.now();
      const speeds: number[] = [];
      do speeds.push(await answer());
      while (performance.now() - beganMs < SAMPLE_MS);
      return spreadOf(speeds).median;
    },
  };
}

/** node-llama-cpp as it comes: seconds a token where it has more threads than cores (4.3 s on 2026-11-24). */
async function openDefault(): Promise<() => Promise<number>> {
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    logLevel: LlamaLogLevel.error,
  });
  ends.push(() => llama.dispose());
  const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 });
  const context = await model.createContext({ contextSize: 512, flashAttention: false });
  const sequence = context.getSequence();
  return async () => {
    await sequence.clearHistory();
    let firstMs: number | undefined;
    let tokens = 0;
    const answer = sequence.evaluate(model.tokenize('Go on.'), { yieldEogToken: true });
    while (tokens < TOKENS && !(tokens > 1 && performance.now() - (firstMs ?? 0) > SLOW_MS)) {
      await answer.next();
      firstMs ??= performance.now();
      tokens += 1;
    }
    const endedMs = performance.now();
    await answer.return();
    return ((tokens - 1) * 1_000) / (endedMs - (firstMs ?? NaN));
  };
}

it('B6: threads as calibrated, against every fixed number and against the default of node-llama-cpp', async () => {
  const ours = await openArm('measure');
  const { threads } = ours.opened;
  const fixed = new Map<number, Arm>();
  for (const count of STATIC) fixed.set(count, await openArm(count));
  const control = await openArm(threads);
  const samples = await interleave<string, number>(ROUNDS, {
    ours: ours.tokensPerSecond,
    control: control.tokensPerSecond,
    default: await openDefault(),
    ...Object.fromEntries([...fixed].map(([count, arm]) => [String(count), arm.tokensPerSecond])),
  });

  const of = (name: string | number): readonly number[] => samples[String(name)] ?? [];
  const median = (name: string | number): number => spreadOf(of(name)).median;
  const ratio = (name: string | number, base: string | number) =>
    spreadOf(of(name).map((value, round) => value / (of(base)[round] ?? NaN)));
  const told = ({ median: middle, least, most }: ReturnType<typeof spreadOf>): string =>
    `${middle.toFixed(2)}x (${least.toFixed(2)} to ${most.toFixed(2)})`;
  const best = STATIC.reduce((a, b) => (median(b) > median(a) ? b : a));
  const sameTwice = ratio('control', threads);
  const isBlurred = Math.abs(sameTwice.median - 1) > CONTROL_WITHIN;
  const toBest = ratio('ours', best);
  const toDefault = ratio('ours', 'default');
  const toOpenMs = (arm: Arm | undefined): string => `${Math.round(arm?.opened.loadMs ?? NaN)} ms`;
  console.log(
    [
      `B6 ${ours.opened.evidence}`,
      `opened in ${toOpenMs(ours)} with the measurement, in ${toOpenMs(fixed.get(threads))} without`,
      ['ours', 'control', ...STATIC, 'default']
        .map((name) => `${name} ${median(name).toFixed(1)}`)
        .join(', ') + ' tokens/s (numbers are fixed threads)',
      `A/A, ${threads} threads fixed twice: ${told(sameTwice)}`,
      `ours to the best fixed (${best}): ${told(toBest)}; target >= ${OF_BEST}x; ${verdict(toBest.median >= OF_BEST, isBlurred)}`,
      `ours to the default: ${told(toDefault)}; target >= ${OF_DEFAULT}x; ${verdict(toDefault.median >= OF_DEFAULT)}`,
    ].join('\n  '),
  );
  expect(toBest.median).toBeGreaterThan(0);
});
