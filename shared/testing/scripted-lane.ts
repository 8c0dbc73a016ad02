/** Owns a declared fake of a lane: scripted or heuristic answers, delays through the injected clock, and observers. */
import type { Clock } from '../clock.ts';
import { AppError } from '../errors.ts';
import { createAdmission } from '../inference/admission.ts';
import { chunkStream } from '../inference/chunk-stream.ts';
import { activeAdapters, requireNoAdapters } from '../inference/genome/adapters.ts';
import { MAX_EMBED_TOKENS, requireEmbeddable, unitVector } from '../inference/embedding.ts';
import type { ChatMessage, GenerateChunk, GenerateRequest, GenerateResult } from '../inference/generate.ts';
import type { InferenceLane, LaneReport, WarmupReport } from '../inference/lane.ts';
import { heuristicAnswer, type ScriptedAnswer } from './scripted-answers.ts';

export interface ScriptedLaneOptions {
  readonly clock: Clock;
  /** Default: {@link heuristicAnswer}. Throw an AppError to make that request fail. */
  readonly answer?: ScriptedAnswer;
  /** Default 2048. A prompt that leaves no room for one token is `ContextOverflow`. */
  readonly contextTokens?: number;
  /** Default 1. */
  readonly slots?: number;
  /** Before the first token; default 0 waits for nothing. */
  readonly promptDelayMs?: number;
  readonly tokenDelayMs?: number;
  readonly report?: Partial<LaneReport>;
  /** Those it knows, though they change nothing. Without it, it is a lane that has no adapters. */
  readonly adapterIds?: readonly string[];
}

export interface ScriptedLane extends InferenceLane {
  /** Every request that reached the engine, in order. */
  readonly requests: readonly GenerateRequest[];
  /** The messages of every warm-up. */
  readonly warmedWith: readonly (readonly ChatMessage[] | undefined)[];
  /** Requests inside the engine now, and the most there ever were. */
  readonly running: number;
  readonly mostRunning: number;
  readonly waiting: number;
  readonly aborted: number;
  /** 1 after creation; every rebuild after a death adds one. */
  readonly starts: number;
  readonly disposed: boolean;
  /** Kills the engine: every pending call fails with `LaneDied`, the next call starts it again. */
  die(): void;
}

const CHARS_PER_TOKEN = 4;

/** What this fake calls a token: four characters, rounded up. Role and message borders count as one each. */
export function scriptedTokens(messages: readonly ChatMessage[]): number {
  return messages.reduce((sum, message) => sum + 1 + Math.ceil(message.content.length / CHARS_PER_TOKEN), 1);
}

const EMBEDDING_DIMENSIONS = 64;

function scriptedEmbedding(text: string): number[] {
  const vector = Array.from({ length: EMBEDDING_DIMENSIONS }, () => 0);
  for (const letter of text.toLowerCase()) {
    const at = (letter.codePointAt(0) ?? 0) % EMBEDDING_DIMENSIONS;
    vector[at] = (vector[at] ?? 0) + 1;
  }
  return vector;
}

export function createScriptedLane(options: ScriptedLaneOptions): ScriptedLane {
  return new ScriptedLaneImpl(options);
}

class ScriptedLaneImpl implements ScriptedLane {
  readonly report: LaneReport;
  readonly requests: GenerateRequest[] = [];
  readonly warmedWith: (readonly ChatMessage[] | undefined)[] = [];
  mostRunning = 0;
  aborted = 0;
  starts = 1;
  disposed = false;
  readonly #options: ScriptedLaneOptions;
  readonly #admission;
  #life = new AbortController();

  constructor(options: ScriptedLaneOptions) {
    this.#options = options;
    this.#admission = createAdmission(options.slots ?? 1);
    this.report = {
      lane: 'companion',
      backend: 'cpu',
      evidence: 'scripted: no engine at all',
      model: { name: 'scripted', sizeBytes: 0, starter: true },
      contextTokens: options.contextTokens ?? 2048,
      threads: 1,
      loadMs: 0,
      ...options.report,
    };
  }

  get running(): number {
    return this.#admission.running;
  }

  get waiting(): number {
    return this.#admission.waiting;
  }

  die(): void {
    this.#life.abort(new AppError('LaneDied', 'The scripted engine was killed.'));
  }

  async warmup(signal?: AbortSignal, messages?: readonly ChatMessage[]): Promise<WarmupReport> {
    this.warmedWith.push(messages);
    const before = this.#options.clock.monotonicMs();
    await this.#call(signal, (inner) => this.#wait(this.#options.promptDelayMs, inner));
    const ms = this.#options.clock.monotonicMs() - before;
    return { firstTokenMs: ms, totalMs: ms };
  }

  generate(request: GenerateRequest, signal?: AbortSignal): ReadableStream<GenerateChunk> {
    return chunkStream(
      (push, inner) => this.#call(inner, (callSignal) => this.#answer(request, push, callSignal)),
      signal,
    );
  }

  countPromptTokens(messages: readonly ChatMessage[], signal?: AbortSignal): Promise<number> {
    return this.#call(signal, async () => scriptedTokens(messages));
  }

  /** Texts that share letters are near to each other. */
  async embed(text: string, signal?: AbortSignal): Promise<Float32Array> {
    requireEmbeddable(text);
    return this.#call(signal, async (inner) => {
      const tokens = Math.ceil(text.length / CHARS_PER_TOKEN);
      if (tokens > MAX_EMBED_TOKENS) throw new AppError('ContextOverflow', `The text has ${tokens} tokens.`);
      await this.#wait(this.#options.promptDelayMs, inner);
      return unitVector(scriptedEmbedding(text));
    });
  }

  dispose(): Promise<void> {
    this.disposed = true;
    this.#life.abort(new AppError('LaneDied', 'The lane was closed.'));
    return Promise.resolve();
  }

  /** Runs `work` in a slot, under a signal that dies with the engine or with the caller. */
  async #call<T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.disposed) throw new AppError('LaneDied', 'The lane was closed.');
    if (this.#life.signal.aborted) {
      this.#life = new AbortController();
      this.starts += 1;
    }
    const life = this.#life.signal;
    const both = signal ? AbortSignal.any([signal, life]) : life;
    const leave = await this.#admission.enter(both).catch((error: unknown) => {
      life.throwIfAborted();
      throw error;
    });
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      return await work(both);
    } catch (error) {
      life.throwIfAborted();
      if (!both.aborted) throw error;
      this.aborted += 1;
      throw new AppError('Aborted', 'The generation was stopped.', { cause: error });
    } finally {
      leave();
    }
  }

  async #answer(
    request: GenerateRequest,
    push: (chunk: GenerateChunk) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, answer = heuristicAnswer, promptDelayMs, tokenDelayMs } = this.#options;
    const startedMs = clock.monotonicMs();
    this.#requireAdapters(request);
    const promptTokens = scriptedTokens(request.messages);
    if (promptTokens >= this.report.contextTokens) {
      throw new AppError(
        'ContextOverflow',
        `The prompt has ${promptTokens} tokens, the model holds ${this.report.contextTokens}.`,
      );
    }
    if (request.grammar !== undefined && !/^root\s*::=/m.test(request.grammar)) {
      throw new AppError('GrammarInvalid', 'The grammar has no root rule.');
    }
    this.requests.push(request);
    push({ kind: 'progress', promptTokensDone: 0, promptTokens });
    await this.#wait(promptDelayMs, signal);
    push({ kind: 'progress', promptTokensDone: promptTokens, promptTokens });
    const raw = answer(request, this.requests.length - 1);
    const firstTokenMs = clock.monotonicMs() - startedMs;
    const tokens = raw.match(/[^]{1,4}/g) ?? [];
    const said = tokens.slice(0, request.maxTokens);
    for (const text of said) {
      await this.#wait(tokenDelayMs, signal);
      push({ kind: 'delta', text });
    }
    const result: GenerateResult = {
      text: said.join(''),
      finishReason: said.length < tokens.length ? 'length' : 'stop',
      promptTokens,
      cachedTokens: 0,
      completionTokens: said.length,
      firstTokenMs,
      totalMs: clock.monotonicMs() - startedMs,
    };
    push({ kind: 'done', result });
  }

  #requireAdapters({ adapters }: GenerateRequest): void {
    const { adapterIds } = this.#options;
    if (!adapterIds) requireNoAdapters(adapters, 'This scripted lane');
    else if (activeAdapters(adapters).some(({ id }) => !adapterIds.includes(id)))
      throw new AppError('AdapterNotFound', 'The scripted lane has no such adapter.');
  }

  async #wait(delayMs: number | undefined, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (delayMs) await this.#options.clock.sleep(delayMs, signal);
    // A real engine never answers in the same microtask; callers must not depend on that.
    else await Promise.resolve();
    signal.throwIfAborted();
  }
}
