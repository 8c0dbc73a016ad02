import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LlamaBackend } from '../../companion/llama/backend.ts';
import type { GenerateChunk, GenerateRequest, GenerateResult } from '../../shared/inference/generate.ts';
import { startLlamaRig, type LlamaRig } from '../models/llama-rig.ts';
import { randomModel } from '../models/random-model.ts';
import { shortRequest } from './bench-models.ts';
import { ms, ratioLine, spreadOf, verdict } from './report.ts';
import { roomTurn, withoutGrammar } from './room-requests.ts';
import { interleave } from './rounds.ts';

/** 22 MB in F16; the cache of a context takes 64 MiB. */
const SHAPE = { layers: 4, width: 512, heads: 8, cacheHeads: 8, hidden: 1024, contextTokens: 8192 };
const MIB = 2 ** 20;
/** Holds a context, and no second one by the rule that the companion has for it; and the other as many as it ever takes. */
const MEMORY_BYTES = { one: 300 * MIB, several: 8192 * MIB };
const ROUNDS = 3;
const ROOMS = 2;
/** In all rooms together, in turns: somebody asks, and a line is added. */
const TURNS = 8;
const LINES = 60;
const ANSWER_TOKENS = 16;
const AT_ONCE = [2, 4];
const LONG_ANSWER_TOKENS = 64;
const OF_READING = 0.5;
/** What is written takes its time in both. */
const OF_TIME = 0.75;
const NEVER = new AbortController().signal;

let rig: LlamaRig;
let one: LlamaBackend;
let several: LlamaBackend;
beforeAll(async () => {
  rig = await startLlamaRig();
  const path = join(rig.folder, 'rooms.gguf');
  await writeFile(path, randomModel({ seed: 5, type: 'F16', shape: SHAPE }));
  const open = async (memoryBytes: number): Promise<LlamaBackend> => {
    const backend = await rig.start({
      shelf: { pathOf: () => path },
      machine: { cores: 1, cpu: 'of a benchmark', memoryBytes },
    });
    await backend.open('rooms', NEVER);
    return backend;
  };
  one = await open(MEMORY_BYTES.one);
  several = await open(MEMORY_BYTES.several);
});
afterAll(() => rig.stop());

async function read(stream: AsyncIterable<GenerateChunk>): Promise<GenerateResult> {
  for await (const chunk of stream) if (chunk.kind === 'done') return chunk.result;
  throw new Error('A generation ended without a result.');
}

const ask = (backend: LlamaBackend, request: GenerateRequest): Promise<GenerateResult> =>
  read(backend.generate('rooms', request, NEVER));

interface Talk {
  readonly readTokens: number;
  readonly totalMs: number;
}

/** Rooms that nobody has read before, each of them asked in every round of turns. */
async function talk(backend: LlamaBackend, round: number): Promise<Talk> {
  const requests: GenerateRequest[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const { request } = await roomTurn(ROOMS * round + (turn % ROOMS), LINES + Math.floor(turn / ROOMS));
    requests.push({ ...withoutGrammar(request), maxTokens: ANSWER_TOKENS });
  }
  const beganMs = performance.now();
  let readTokens = 0;
  for (const request of requests) {
    const { promptTokens, cachedTokens } = await ask(backend, request);
    readTokens += promptTokens - cachedTokens;
  }
  return { readTokens, totalMs: performance.now() - beganMs };
}

it('two rooms in turns: what is read again', async () => {
  const runs = await interleave<'one' | 'control' | 'several', Talk>(ROUNDS, {
    one: (round) => talk(one, 3 * round),
    control: (round) => talk(one, 3 * round + 1),
    several: (round) => talk(several, 3 * round),
  });
  const tokens = (of: readonly Talk[]): number => spreadOf(of.map(({ readTokens }) => readTokens)).median;
  const [kept, lost] = [tokens(runs.several), tokens(runs.one)];
  console.log(
    `B4 companion, ${TURNS} turns in ${ROOMS} rooms, prompt tokens read: ${kept}; with one sequence ${lost}; ` +
      `ratio ${(kept / lost).toFixed(2)}; target <= ${OF_READING}x; ${verdict(kept <= OF_READING * lost)}`,
  );
  console.log(
    ratioLine({
      what: `B4 companion, ${TURNS} turns in ${ROOMS} rooms, all of them`,
      ours: runs.several.map(({ totalMs }) => totalMs),
      baseline: runs.one.map(({ totalMs }) => totalMs),
      control: runs.control.map(({ totalMs }) => totalMs),
      against: 'with one sequence',
      atMost: OF_TIME,
    }),
  );
  expect(kept).toBeLessThan(lost);
});

async function timeAll(backend: LlamaBackend, requests: readonly GenerateRequest[]): Promise<number> {
  const beganMs = performance.now();
  const results = await Promise.all(requests.map((request) => ask(backend, request)));
  expect(results.map(({ completionTokens }) => completionTokens)).toEqual(
    requests.map(() => LONG_ANSWER_TOKENS),
  );
  return performance.now() - beganMs;
}

it.each(AT_ONCE)('%d at once against one after the other', async (count) => {
  const due = (round: number, arm: number): GenerateRequest[] =>
    Array.from({ length: count }, (_, at) =>
      shortRequest(10_000 * count + 100 * round + 10 * arm + at, LONG_ANSWER_TOKENS),
    );
  // The one with a single sequence lets them in one by one.
  const runs = await interleave<'one' | 'control' | 'several', number>(ROUNDS, {
    one: (round) => timeAll(one, due(round, 0)),
    control: (round) => timeAll(one, due(round, 1)),
    several: (round) => timeAll(several, due(round, 0)),
  });
  const what = `B5 companion, ${count} answers of ${LONG_ANSWER_TOKENS} tokens at once`;
  const against = 'one after the other';
  console.log(
    ratioLine({
      what,
      ours: runs.several,
      baseline: runs.one,
      control: runs.control,
      against,
      atMost: 1.1,
    }),
  );
  const speed = (times: readonly number[]): string =>
    ((count * LONG_ANSWER_TOKENS * 1_000) / spreadOf(times).median).toFixed(0);
  console.log(
    `  ${speed(runs.several)} tokens/s in all; ${against} ${speed(runs.one)} (${ms(spreadOf(runs.one).median)})`,
  );
});
