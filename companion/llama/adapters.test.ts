import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLlamaRig, type LlamaRig } from '../../e2e/models/llama-rig.ts';
import { randomLora, type RandomLoraOptions } from '../../e2e/models/random-lora.ts';
import { RANDOM_SHAPE } from '../../e2e/models/random-model.ts';
import { systemClock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { GenerateChunk, GenerateRequest, GenerateResult } from '../../shared/inference/generate.ts';
import type { AdapterUse } from '../../shared/inference/genome/adapters.ts';
import { createLogger } from '../../shared/log.ts';
import { createAdapterShelf } from './adapter-shelf.ts';
import type { AdapterShelf, LlamaBackend } from './backend.ts';
import type { LlamaBackendDeps } from './child-backend.ts';

const NEVER = new AbortController().signal;
/** One a round. What follows the words in a prompt is always the same, and a random model soon forgets. */
const QUESTIONS = [
  'What is a lighthouse for?',
  'TAXES? 1, 2, 3, 4, 5!',
  'zzz '.repeat(30),
  'Who was here, and why, and when?',
];
const ADAPTERS = {
  a: { seed: 1 },
  b: { seed: 2 },
  half: { seed: 3, type: 'F16' },
  wide: { seed: 4, shape: { ...RANDOM_SHAPE, width: 64 } },
  foreign: { seed: 5, architecture: 'qwen2' },
} as const satisfies Readonly<Record<string, Partial<RandomLoraOptions>>>;
type AdapterName = keyof typeof ADAPTERS;

let rig: LlamaRig;
let shelf: AdapterShelf;
const ids = new Map<AdapterName, string>();

beforeAll(async () => {
  rig = await startLlamaRig();
  const paths: string[] = [];
  for (const [name, options] of Object.entries(ADAPTERS) as [AdapterName, Partial<RandomLoraOptions>][]) {
    const bytes = randomLora(options);
    ids.set(name, createHash('sha256').update(bytes).digest('hex'));
    paths.push(pathOf(name));
    await writeFile(pathOf(name), bytes);
  }
  shelf = await createAdapterShelf({ paths, clock: systemClock, tell: () => undefined });
});
afterAll(() => rig.stop());

const pathOf = (name: AdapterName): string => join(rig.folder, `${name}.lora.gguf`);
const start = (more: Partial<LlamaBackendDeps> = {}): Promise<LlamaBackend> =>
  rig.start({ adapters: shelf, ...more });
const use = (name: AdapterName, scale = 1): AdapterUse => ({ id: ids.get(name) ?? '', scale });

/** What every requester has in common comes first, so that a shared cache would be used, and be wrong. */
function turn(round: number, adapters?: readonly AdapterUse[]): GenerateRequest {
  return {
    messages: [
      {
        role: 'system',
        content: 'The house rules of this room are the same for everybody in it. '.repeat(4),
      },
      { role: 'user', content: QUESTIONS[round] ?? '' },
    ],
    // Without it random weights repeat one token, whatever they have read.
    sampling: { temperature: 0, repeatPenalty: 1.5 },
    maxTokens: 24,
    ...(adapters === undefined ? {} : { adapters: [...adapters] }),
  };
}

async function read(stream: AsyncIterable<GenerateChunk>): Promise<GenerateResult> {
  for await (const chunk of stream) if (chunk.kind === 'done') return chunk.result;
  throw new Error('no result');
}

const ask = async (backend: LlamaBackend, round: number, adapters?: readonly AdapterUse[]): Promise<string> =>
  (await read(backend.generate('random', turn(round, adapters), NEVER))).text;

/** As a requester hears it that has the engine for itself. */
async function solo(adapters?: readonly AdapterUse[]): Promise<string[]> {
  const mine = await start();
  const texts: string[] = [];
  for (let round = 0; round < QUESTIONS.length; round += 1) texts.push(await ask(mine, round, adapters));
  await mine.dispose();
  return texts;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'a value',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
}

describe('adapters in the real engine', () => {
  it('gives three requesters at once on one load what each gets alone: the model, adapter A, adapter B', async () => {
    const requesters = [undefined, [use('a')], [use('b')]];
    const alone: string[][] = [];
    for (const adapters of requesters) alone.push(await solo(adapters));
    expect(new Set(alone.flat()).size).toBe(3 * QUESTIONS.length);

    const loads: string[] = [];
    const log = createLogger(({ event }) => event === 'llama_model_open' && loads.push(event), systemClock);
    const shared = await start({ log });
    const together: string[][] = requesters.map(() => []);
    for (let round = 0; round < QUESTIONS.length; round += 1) {
      // Another one is first in every round, and the base is asked last in some.
      const order = [0, 1, 2].map((index) => (index + round) % 3);
      await Promise.all(
        order.map(async (index) => {
          together[index]?.push(await ask(shared, round, requesters[index]));
        }),
      );
    }
    expect(together).toEqual(alone);
    // The same once more in one go, each told three times over: nine wait for each other.
    const again = await Promise.all(
      [0, 1, 2, 2, 1, 0, 1, 0, 2].map(async (index) => [
        await ask(shared, 1, requesters[index]),
        alone[index]?.[1],
      ]),
    );
    for (const [text, expected] of again) expect(text).toBe(expected);
    expect(loads).toHaveLength(1);
  });

  it('thinks with an adapter when nobody is at work, and lets nobody overtake it', async () => {
    const backend = await start();
    await backend.open('random', NEVER);
    const done: string[] = [];
    const noted = async (
      name: string,
      maxTokens: number,
      adapters?: readonly AdapterUse[],
    ): Promise<void> => {
      await read(backend.generate('random', { ...turn(0, adapters), maxTokens }, NEVER));
      done.push(name);
    };
    await Promise.all([
      noted('long', 300),
      noted('beside it', 1),
      noted('with a', 4, [use('a')]),
      noted('last', 1),
    ]);
    expect(done).toEqual(['beside it', 'long', 'with a', 'last']);
  });

  it('keeps the evaluated prefix of each set', async () => {
    const backend = await start();
    for (const round of [0, 1])
      for (const adapters of [undefined, [use('a')], [use('b')]]) {
        const { cachedTokens, promptTokens } = await read(
          backend.generate('random', turn(round, adapters), NEVER),
        );
        if (round === 0) expect(cachedTokens).toBe(0);
        else expect(cachedTokens).toBeGreaterThan(promptTokens * 0.8);
      }
  });

  it('says the same after it was let go and loaded again, under a budget that holds one set or none', async () => {
    const sets = [[use('a')], [use('b')], [use('a', 0.5)], [use('b'), use('a')], [use('half')]];
    const expected: string[] = [];
    const roomy = await start();
    for (const adapters of sets) expected.push(await ask(roomy, 0, adapters));
    expect(new Set(expected).size).toBe(sets.length);
    const base = await ask(roomy, 0);
    for (const adapterBudgetBytes of [1, 3_000_000]) {
      const poor = await start({ adapterBudgetBytes });
      for (let round = 0; round < 3; round += 1)
        for (const [index, adapters] of sets.entries()) {
          const { text, cachedTokens } = await read(poor.generate('random', turn(0, adapters), NEVER));
          expect(text).toBe(expected[index]);
          expect(cachedTokens).toBe(0);
        }
      expect(await ask(poor, 0)).toBe(base);
    }
  });

  it('takes the order of a set for nothing, and a scale of 0 for nobody', async () => {
    const backend = await start();
    const both = await ask(backend, 0, [use('a'), use('b', 0.5)]);
    const turned = await read(backend.generate('random', turn(0, [use('b', 0.5), use('a')]), NEVER));
    expect(turned.text).toBe(both);
    expect(turned.cachedTokens).toBeGreaterThan(0);
    expect(await ask(backend, 0, [use('a', 0)])).toBe(await ask(backend, 0));
  });

  it('gives the weights of a set back with it: it reads the file anew', async () => {
    const poor = await start({ adapterBudgetBytes: 1 });
    await ask(poor, 0, [use('a')]);
    const bytes = randomLora(ADAPTERS.a);
    try {
      await writeFile(pathOf('a'), bytes.subarray(0, bytes.length - 100_000));
      // Still held, and nobody needs the file.
      await ask(poor, 0, [use('a')]);
      await ask(poor, 0, [use('b')]);
      expect(await codeOf(ask(poor, 0, [use('a')]))).toBe('AdapterMismatch');
    } finally {
      await writeFile(pathOf('a'), bytes);
    }
    await ask(poor, 0, [use('a')]);
  });

  it.each([
    ['of a model of another width', 'wide', 'AdapterMismatch'],
    ['of another architecture', 'foreign', 'AdapterMismatch'],
  ] as const)('names an adapter %s, and works on with everything it held', async (_, name, code) => {
    const backend = await start();
    const [base, a] = [await ask(backend, 0), await ask(backend, 0, [use('a')])];
    for (const adapters of [[use(name)], [use('a'), use(name)]])
      expect(await codeOf(ask(backend, 0, adapters))).toBe(code);
    expect([await ask(backend, 0), await ask(backend, 0, [use('a')])]).toEqual([base, a]);
  });

  it('settles what is given up while its adapter is put on, and serves the next', async () => {
    const backend = await start();
    await backend.open('random', NEVER);
    for (const delayMs of [0, 1, 3]) {
      const aborter = new AbortController();
      const answer = read(
        backend.generate(
          'random',
          { ...turn(0, [use('b', 1 + delayMs / 10)]), maxTokens: 4_000 },
          aborter.signal,
        ),
      );
      setTimeout(() => {
        aborter.abort();
      }, delayMs);
      expect(await codeOf(answer)).toBe('Aborted');
    }
    expect(await ask(backend, 0, [use('b')])).not.toBe(await ask(backend, 0));
  });

  it('allows the child more memory where adapters were put on, and then only', async () => {
    const hungry = join(rig.folder, 'hungry-child.mjs');
    await writeFile(
      hungry,
      `process.send({ kind: 'ready', release: 'none' });
       const model = { contextTokens: 64, sequences: 1, threads: 1, isOnGpu: false, evidence: 'none', loadMs: 0 };
       const result = { text: '', finishReason: 'stop', promptTokens: 1, cachedTokens: 0, completionTokens: 0, firstTokenMs: 0, totalMs: 0 };
       process.on('message', ({ kind, id }) => {
         if (kind === 'open') process.send({ kind: 'opened', id, model });
         if (kind === 'generate') {
           process.send({ kind: 'memory', residentBytes: 5e9 });
           process.send({ kind: 'chunk', id, chunk: { kind: 'done', result } });
         }
       });`,
    );
    for (const [adapterBudgetBytes, adapters, outcome] of [
      [4e9, [use('a')], 'a value'],
      [1e9, [use('a')], 'LaneDied'],
      [4e9, undefined, 'LaneDied'],
    ] as const) {
      const mine = await start({ childEntry: hungry, adapterBudgetBytes });
      expect(await codeOf(ask(mine, 0, adapters))).toBe(outcome);
    }
  });

  it('has them for the next child as well, and for another model none that do not fit', async () => {
    const backend = await start();
    const before = await ask(backend, 0, [use('a')]);
    const other = { ...turn(0, [use('a')]), maxTokens: 2 };
    expect(await codeOf(read(backend.generate('plumbing', other, NEVER)))).toBe('AdapterMismatch');
    backend.hold('plumbing')();
    expect(await ask(backend, 0, [use('a')])).toBe(before);
  });
});
