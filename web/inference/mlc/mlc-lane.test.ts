import { describe, expect, it } from 'vitest';
import type { ModelOffer } from '../../../shared/bridge/messages.ts';
import { systemClock } from '../../../shared/clock.ts';
import { laneAcceptance, plain, readAll, resultOf } from '../../../shared/testing/lane-acceptance.ts';
import type { RememberedModel } from '../models/model-source.ts';
import type { LaneProgress } from '../progress.ts';
import { createOpenMlc } from './open-mlc.ts';
import type { StoredCaches } from './stored-cache.ts';
import type { MlcChunk, MlcModel, MlcRequest, RawMlc } from './raw-mlc.ts';

const CONTEXT_TOKENS = 200;
const OFFER: ModelOffer = {
  id: 'm',
  name: 'Small',
  sizeBytes: 7,
  sha256: 'abc',
  starter: false,
  path: '/models/abc',
  mlc: { library: 'lib.wasm', contextTokens: CONTEXT_TOKENS, needsF16: false },
};
const STORED: RememberedModel = {
  name: 'Own',
  sizeBytes: 4,
  sha256: 'def',
  starter: false,
  bundle: { id: 'b', mlc: { library: 'b.wasm', contextTokens: CONTEXT_TOKENS, needsF16: true } },
};
const NEVER = new AbortController().signal;

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function wordsOf(messages: MlcRequest['messages']): string[] {
  return messages.flatMap(({ content }) => content.split(/\s+/));
}

/** Says a word per token, and behaves as web-llm was seen to. */
class ScriptedMlc implements RawMlc {
  readonly loads: MlcModel[] = [];
  forgotten = 0;
  keptOnly: string | undefined;
  exits = 0;
  running = 0;
  answers = 0;
  /** As it will tell them. */
  cachedTokens = 0;
  /** Thrown at the next load. */
  refuses: Error | undefined;
  /** Thrown in the middle of the next answer. */
  breaks: Error | undefined;
  #isInterrupted = false;

  load(model: MlcModel, onProgress: (text: string, share: number) => void): Promise<void> {
    this.loads.push(model);
    onProgress('half', 0.5);
    const { refuses } = this;
    this.refuses = undefined;
    return refuses ? Promise.reject(refuses) : Promise.resolve();
  }

  complete(request: MlcRequest): Promise<AsyncIterable<MlcChunk>> {
    return Promise.resolve(this.#answer(request));
  }

  countTokens(messages: MlcRequest['messages']): number {
    return wordsOf(messages).length;
  }

  interrupt(): Promise<void> {
    this.#isInterrupted = true;
    return Promise.resolve();
  }

  forget(): Promise<void> {
    this.forgotten += 1;
    return Promise.resolve();
  }

  forgetOthers({ id }: MlcModel): Promise<void> {
    this.keptOnly = id;
    return Promise.resolve();
  }

  vendor(): Promise<string> {
    return Promise.reject(new Error('not told'));
  }

  exit(): Promise<void> {
    this.exits += 1;
    return Promise.resolve();
  }

  async *#answer({ messages, grammar, maxTokens }: MlcRequest): AsyncGenerator<MlcChunk> {
    expect(this.running).toBe(0);
    this.answers += 1;
    const words = wordsOf(messages);
    if (grammar?.startsWith('root') === false) throw named('GrammarMatcherInitError', 'no rule root');
    if (words.length > CONTEXT_TOKENS) throw named('ContextWindowSizeExceededError', 'too long');
    this.running += 1;
    this.#isInterrupted = false;
    try {
      let said = 0;
      for (; said < Math.min(maxTokens, 1_000) && !this.#isInterrupted; said += 1) {
        await systemClock.sleep(1);
        if (said === 2 && this.breaks) {
          const { breaks } = this;
          this.breaks = undefined;
          throw breaks;
        }
        yield { choices: [{ delta: { content: `${words[said % words.length] ?? ''} ` } }] };
      }
      yield { choices: [{ delta: {}, finish_reason: this.#isInterrupted ? 'abort' : 'length' }] };
      const cached_tokens = this.cachedTokens;
      yield { choices: [], usage: { prompt_tokens: words.length, cached_tokens, completion_tokens: said } };
    } finally {
      this.running -= 1;
    }
  }
}

function stage() {
  const engine = new ScriptedMlc();
  const served: StoredCaches[] = [];
  const isGone = { now: false };
  const open = createOpenMlc({
    clock: systemClock,
    origin: 'http://here',
    loadEngine: () => Promise.resolve(engine),
    bundles: {
      files: (id) =>
        Promise.resolve(isGone.now ? undefined : [{ file: new File(['wasm'], `${id}.wasm`), sha256: '' }]),
    },
    serveCaches: (stored) => served.push(stored),
  });
  const progress: LaneProgress[] = [];
  const openLane = async () =>
    (await open({ engine: 'mlc', offer: OFFER }, (step) => progress.push(step), NEVER)).lane;
  const openStored = async () =>
    (await open({ engine: 'mlc', stored: STORED }, () => undefined, NEVER)).model;
  return { engine, openLane, openStored, served, isGone, progress };
}

describe('mlc lane on a scripted web-llm: acceptance', () => {
  const { openLane } = stage();
  const cases = laneAcceptance({
    open: openLane,
    embeds: false,
    takesAdapters: false,
    followsGrammar: false,
    longAnswerTokens: 8,
  }).filter(
    // It writes no JSON; with the real engine it does (e2e/lanes).
    ({ name }) => !name.includes('decision'),
  );
  it.each(cases.map((one) => [one.name, one] as const))('%s', (_name, laneCase) => laneCase.run());
});

describe('mlc lane', () => {
  it('loads from the companion, and tells how far it is', async () => {
    const { engine, openLane, progress } = stage();
    const { report } = await openLane();
    const folder = 'http://here/models/abc/resolve/main/';
    expect(engine.loads).toEqual([
      { id: 'abc', folder, library: `${folder}lib.wasm`, needsF16: false, contextTokens: CONTEXT_TOKENS },
    ]);
    expect(engine.keptOnly).toBe('abc');
    expect(progress.at(-1)).toMatchObject({ what: 'Loading Small', done: 50, total: 100 });
    expect(report).toMatchObject({ lane: 'mlc', backend: 'webgpu', contextTokens: CONTEXT_TOKENS });
  });

  it('loads from the files of this browser, where web-llm finds them and nothing else', async () => {
    const { engine, openStored, served, isGone } = stage();
    expect(await openStored()).toEqual(STORED);
    const folder = 'http://here/stored/def/resolve/main/';
    expect(engine.loads).toEqual([
      { id: 'def', folder, library: `${folder}b.wasm`, needsF16: true, contextTokens: CONTEXT_TOKENS },
    ]);
    const cache = await served[0]?.open('webllm/wasm');
    expect((await cache?.keys())?.map(({ url }) => url)).toEqual([`${folder}b.wasm`]);
    isGone.now = true;
    await expect(openStored()).rejects.toMatchObject({ code: 'ModelNotFound' });
    expect(engine.loads).toHaveLength(1);
  });

  it('throws away what was fetched where it cannot be loaded', async () => {
    const { engine, openLane } = stage();
    engine.refuses = named('LinkError', 'Import #0 "env"');
    await expect(openLane()).rejects.toMatchObject({ code: 'ModelUnsupported' });
    expect([engine.forgotten, engine.exits]).toEqual([1, 1]);
    engine.refuses = named('WebGPUNotAvailableError', 'no GPU');
    await expect(openLane()).rejects.toMatchObject({ code: 'LaneStartFailed' });
    expect(engine.forgotten).toBe(1);
    await openLane();
  });

  it('loads again after a lost GPU, and not after a bad request', async () => {
    const { engine, openLane } = stage();
    const lane = await openLane();
    await expect(readAll(lane.generate({ ...plain('x', 4), grammar: 'ruut' }))).rejects.toMatchObject({
      code: 'GrammarInvalid',
    });
    expect([engine.loads.length, engine.exits]).toEqual([1, 0]);
    engine.breaks = named('DeviceLostError', 'The WebGPU device was lost');
    await expect(readAll(lane.generate(plain('x', 9)))).rejects.toMatchObject({ code: 'DeviceLost' });
    expect(engine.exits).toBe(1);
    expect(resultOf(await readAll(lane.generate(plain('x', 4)))).completionTokens).toBe(4);
    expect(engine.loads).toHaveLength(2);
  });

  it('counts a prompt without a token of the engine, however long it is', async () => {
    const { engine, openLane } = stage();
    const lane = await openLane();
    expect(await lane.countPromptTokens(plain('one two three', 1).messages)).toBe(3);
    const long = plain('word '.repeat(2 * CONTEXT_TOKENS).trim(), 1).messages;
    expect(await lane.countPromptTokens(long)).toBe(2 * CONTEXT_TOKENS);
    expect(engine.answers).toBe(0);
  });

  it('tells what of a prompt the engine had read before', async () => {
    const { engine, openLane } = stage();
    const lane = await openLane();
    engine.cachedTokens = 2;
    const { promptTokens, cachedTokens } = resultOf(await readAll(lane.generate(plain('one two three', 4))));
    expect([promptTokens, cachedTokens]).toEqual([3, 2]);
  });
});
