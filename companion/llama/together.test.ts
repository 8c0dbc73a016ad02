import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLlamaRig, type LlamaRig } from '../../e2e/models/llama-rig.ts';
import { systemClock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { GenerateChunk, GenerateRequest, GenerateResult } from '../../shared/inference/generate.ts';
import { createLogger } from '../../shared/log.ts';
import { cosine, plain } from '../../shared/testing/lane-acceptance.ts';
import type { LlamaBackend } from './backend.ts';

const NEVER = new AbortController().signal;
/** Long enough that two of them are surely under way at once. */
const LONG_TOKENS = 300;
let rig: LlamaRig;
let backend: LlamaBackend;
/** What was loaded into it. */
const loads: unknown[] = [];

beforeAll(async () => {
  rig = await startLlamaRig();
  const log = createLogger(({ event, fields }) => {
    if (event === 'llama_model_open') loads.push(fields['sequences']);
  }, systemClock);
  backend = await rig.start({ log });
});
afterAll(() => rig.stop());

/** Without the penalty random weights repeat one token, whatever they have read. */
function long(content: string, maxTokens = LONG_TOKENS): GenerateRequest {
  return { ...plain(content, maxTokens), sampling: { temperature: 0, repeatPenalty: 1.5 } };
}

/** Tells `seen` what comes. */
async function read(
  stream: AsyncIterable<GenerateChunk>,
  seen: (chunk: GenerateChunk) => void = () => undefined,
): Promise<GenerateResult> {
  for await (const chunk of stream) {
    seen(chunk);
    if (chunk.kind === 'done') return chunk.result;
  }
  throw new Error('no result');
}

interface Asked {
  readonly result: Promise<GenerateResult>;
  /** Its first word is there. */
  readonly begun: Promise<void>;
}

function ask(request: GenerateRequest, signal = NEVER, modelId = 'random'): Asked {
  let begin = (): void => undefined;
  const first = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const result = read(backend.generate(modelId, request, signal), ({ kind }) => {
    if (kind === 'delta') begin();
  });
  // Whoever waits for its beginning hears also that there will be none.
  return { result, begun: Promise.race([first, result.then(() => undefined)]) };
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'a value',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );

describe('several at once on the real engine', () => {
  it('opens a model once for all who ask for it at once, and then has four of them in it', async () => {
    const events: string[] = [];
    const results = await Promise.all(
      [1, 2, 3, 4, 5].map((number) =>
        read(backend.generate('random', long(`Request ${number}.`), NEVER), (chunk) => {
          if (chunk.kind === 'queued') events.push(`${number} waits behind ${chunk.ahead}`);
          else if (chunk.kind === 'done') events.push(`${number} is done`);
          else if (!events.includes(`${number} began`)) events.push(`${number} began`);
        }),
      ),
    );
    expect(results.map(({ completionTokens }) => completionTokens)).toEqual(results.map(() => LONG_TOKENS));
    expect(loads).toEqual([4]);
    const firstDone = events.findIndex((event) => event.endsWith('is done'));
    const before = events.slice(0, firstDone);
    for (const number of [1, 2, 3, 4]) expect(before).toContain(`${number} began`);
    expect(before).not.toContain('5 began');
    expect(before).toContain('5 waits behind 4');
  });

  it('gives each the text that it gets alone', async () => {
    const requests = ['What is a lighthouse for?', 'Taxes are due in May. '.repeat(12)].map((text) =>
      long(text),
    );
    const alone: string[] = [];
    for (const request of requests) alone.push((await ask(request).result).text);
    expect(new Set(alone).size).toBe(2);
    const together = requests.map((request) => ask(request));
    const over = Promise.race(together.map(({ result }) => result)).then(() => 'over');
    const both = Promise.all(together.map(({ begun }) => begun)).then(() => 'both are under way');
    expect(await Promise.race([both, over])).toBe('both are under way');
    const texts = await Promise.all(together.map(async ({ result }) => (await result).text));
    expect(texts).toEqual(alone);
  });

  it('reads a room on where it was, although another room was asked between', async () => {
    const turn = (room: string, line: string): GenerateRequest => ({
      ...plain(line, 4),
      messages: [
        { role: 'system', content: 'The house rules are the same in every room. '.repeat(4) },
        { role: 'user', content: `${room}: somebody said something that was long. `.repeat(12) },
        { role: 'user', content: line },
      ],
    });
    const results: GenerateResult[] = [];
    for (const [room, line] of [
      ['harbour', 'Maya, what now?'],
      ['garden', 'Who is there?'],
      ['harbour', 'And you, Kira?'],
      ['garden', 'Anybody?'],
    ] as const)
      results.push(await ask(turn(room, line)).result);
    const shares = results.map(({ cachedTokens, promptTokens }) => cachedTokens / promptTokens);
    for (const share of shares.slice(0, 2)) expect(share).toBeLessThan(0.4);
    for (const share of shares.slice(2)) expect(share).toBeGreaterThan(0.9);
  });

  it('stops one and leaves the text of the other whole', async () => {
    const request = long('Go on and on.');
    const alone = (await ask(request).result).text;
    const aborter = new AbortController();
    const given = ask(long('Say a lot.', 8_000), aborter.signal);
    const kept = ask(request);
    await Promise.all([given.begun, kept.begun]);
    aborter.abort();
    expect(await codeOf(given.result)).toBe('Aborted');
    expect((await kept.result).text).toBe(alone);
    expect((await ask(request).result).text).toBe(alone);
  });

  it('opens another model when nobody is at work with this one, and lets nobody overtake it', async () => {
    const done: string[] = [];
    const noted = async (name: string, { result }: Asked): Promise<void> => {
      const { completionTokens } = await result;
      done.push(`${name} ${completionTokens}`);
    };
    const first = ask(long('One.', 400));
    const second = ask(long('Two.', 200));
    await Promise.all([first.begun, second.begun]);
    const other = ask(plain('Hello', 2), NEVER, 'plumbing');
    const third = ask(long('Three.', 1));
    await Promise.all([
      noted('first', first),
      noted('second', second),
      noted('other', other),
      noted('third', third),
    ]);
    expect(done).toEqual(['second 200', 'first 400', 'other 2', 'third 1']);
  });

  it('embeds beside who writes, the same as alone, and the text stays what it is', async () => {
    const request = long('Write, and write.');
    const alone = (await ask(request).result).text;
    const vector = await backend.embed('random', 'The sea is calm.', NEVER);
    let isOver = false;
    const writing = ask(request);
    const text = writing.result.then((result) => {
      isOver = true;
      return result.text;
    });
    await writing.begun;
    const beside = await Promise.all([1, 2].map(() => backend.embed('random', 'The sea is calm.', NEVER)));
    expect(isOver).toBe(false);
    for (const one of beside) expect(cosine(one, vector)).toBeGreaterThan(0.999_99);
    expect(await text).toBe(alone);
  });

  it('has a model in memory until the last of those at work with it is done', async () => {
    const mine = await rig.start();
    const letGo = mine.hold('random');
    const answers = [20, 400].map((tokens) => read(mine.generate('random', long('Go on.', tokens), NEVER)));
    letGo();
    const results = await Promise.all(answers);
    expect(results.map(({ completionTokens }) => completionTokens)).toEqual([20, 400]);
    await mine.dispose();
  });
});
