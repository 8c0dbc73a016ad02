/** Owns the mlc lane inside the inference worker: one answer at a time, and an engine that is loaded again after its death. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError, type ErrorCode } from '../../../shared/errors.ts';
import { createAdmission, inSlot } from '../../../shared/inference/admission.ts';
import { requireNoAdapters } from '../../../shared/inference/genome/adapters.ts';
import { chunkStream } from '../../../shared/inference/chunk-stream.ts';
import {
  warmupRequest,
  type ChatMessage,
  type GenerateChunk,
  type GenerateRequest,
  type GenerateResult,
} from '../../../shared/inference/generate.ts';
import type { InferenceLane, LaneReport, WarmupReport } from '../../../shared/inference/lane.ts';
import { answerError } from './mlc-errors.ts';
import { mlcMessages, mlcRequest } from './mlc-request.ts';
import type { MlcChunk, RawMlc } from './raw-mlc.ts';

export interface MlcLaneDeps {
  readonly clock: Clock;
  readonly report: LaneReport;
  /** Loads the model into a fresh engine. */
  load(): Promise<RawMlc>;
}

/** The engine takes one at a time anyway; here they wait where they can be told so and given up. */
const SLOTS = 1;
/** After these the engine is of no use any more. */
const ENDING: ReadonlySet<ErrorCode> = new Set(['LaneDied', 'DeviceLost', 'ModelUnsupported']);

export class MlcLane implements InferenceLane {
  readonly report: LaneReport;
  readonly #deps: MlcLaneDeps;
  readonly #admission = createAdmission(SLOTS);
  readonly #life = new AbortController();
  #engine: RawMlc | undefined;
  #hasAnswered = false;

  constructor(deps: MlcLaneDeps, engine: RawMlc) {
    this.#deps = deps;
    this.#engine = engine;
    this.report = deps.report;
  }

  async warmup(signal?: AbortSignal, messages?: readonly ChatMessage[]): Promise<WarmupReport> {
    const { firstTokenMs, totalMs } = await this.#inSlot(signal, (engine, both) =>
      this.#complete(engine, warmupRequest(messages), () => undefined, both),
    );
    return { firstTokenMs, totalMs };
  }

  generate(request: GenerateRequest, signal?: AbortSignal): ReadableStream<GenerateChunk> {
    return chunkStream(async (push, inner) => {
      requireNoAdapters(request.adapters, 'Web-llm');
      await this.#inSlot(
        inner,
        async (engine, both) => {
          push({ kind: 'done', result: await this.#complete(engine, request, push, both) });
        },
        (ahead) => {
          push({ kind: 'queued', ahead });
        },
      );
    }, signal);
  }

  countPromptTokens(messages: readonly ChatMessage[], signal?: AbortSignal): Promise<number> {
    return this.#inSlot(signal, (engine) => Promise.resolve(engine.countTokens(mlcMessages(messages))));
  }

  /** A library that was compiled for writing has no function that gives the states of a text. */
  embed(): Promise<never> {
    return Promise.reject(
      new AppError('EmbeddingsUnsupported', 'A model that MLC compiled for writing does not embed.'),
    );
  }

  async dispose(): Promise<void> {
    this.#life.abort(new AppError('LaneDied', 'The lane was closed.'));
    const engine = this.#engine;
    this.#engine = undefined;
    await engine?.exit();
  }

  async #complete(
    engine: RawMlc,
    request: GenerateRequest,
    push: (chunk: GenerateChunk) => void,
    signal: AbortSignal,
  ): Promise<GenerateResult> {
    const { clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    let text = '';
    let firstMs: number | undefined;
    let finish: string | undefined;
    let usage: MlcChunk['usage'];
    const stop = (): void => {
      // Where it rejects there is nothing to stop.
      void engine.interrupt().catch(() => undefined);
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const chunk of await engine.complete(mlcRequest(request))) {
        signal.throwIfAborted();
        if (chunk.usage) ({ usage } = chunk);
        for (const { delta, finish_reason: reason } of chunk.choices) {
          if (typeof reason === 'string') finish = reason;
          const piece = delta.content ?? '';
          if (piece === '') continue;
          firstMs ??= clock.monotonicMs();
          text += piece;
          push({ kind: 'delta', text: piece });
        }
      }
    } finally {
      signal.removeEventListener('abort', stop);
    }
    signal.throwIfAborted();
    if (finish === undefined || !usage)
      throw new AppError('LaneDied', 'The engine ended the answer without a result.');
    this.#hasAnswered = true;
    const nowMs = clock.monotonicMs();
    return {
      text,
      finishReason: finish === 'length' ? 'length' : 'stop',
      promptTokens: usage.prompt_tokens,
      cachedTokens: usage.cached_tokens,
      completionTokens: usage.completion_tokens,
      firstTokenMs: (firstMs ?? nowMs) - startedMs,
      totalMs: nowMs - startedMs,
    };
  }

  #inSlot<T>(
    signal: AbortSignal | undefined,
    work: (engine: RawMlc, signal: AbortSignal) => Promise<T>,
    onPlace?: (ahead: number) => void,
  ): Promise<T> {
    return inSlot(this.#admission, { signal, life: this.#life.signal, onPlace }, async (both) => {
      try {
        this.#engine ??= await this.#deps.load();
        return await work(this.#engine, both);
      } catch (thrown) {
        if (both.aborted) throw new AppError('Aborted', 'The generation was stopped.', { cause: thrown });
        const error = answerError(thrown, this.#hasAnswered);
        // A lost device stays lost: the next call loads the model again.
        if (ENDING.has(error.code)) await this.#end();
        throw error;
      }
    });
  }

  async #end(): Promise<void> {
    const engine = this.#engine;
    this.#engine = undefined;
    await engine?.exit().catch(() => undefined);
  }
}
