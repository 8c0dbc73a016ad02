/** Owns the lane inside the inference worker: one call in the engine at a time, and an engine that is born again. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError, type ErrorCode } from '../../../shared/errors.ts';
import { createAdmission, inSlot } from '../../../shared/inference/admission.ts';
import { activeAdapters, type AdapterUse } from '../../../shared/inference/genome/adapters.ts';
import type { GgufHeader } from '../../../shared/inference/gguf-header.ts';
import { chunkStream } from '../../../shared/inference/chunk-stream.ts';
import {
  warmupRequest,
  type ChatMessage,
  type GenerateChunk,
  type GenerateRequest,
} from '../../../shared/inference/generate.ts';
import {
  createPromptRenderer,
  type PromptFacts,
  type RenderPrompt,
} from '../../../shared/inference/model-prompt.ts';
import type { InferenceLane, LaneReport, WarmupReport } from '../../../shared/inference/lane.ts';
import { createChunkReader, rawCompletion } from './completion.ts';
import type { Embedder } from './embedder.ts';
import type { Engine } from './engine.ts';
import type { HeldAdapters } from './held-adapters.ts';
import { createMemoryGrowth, type MemoryGrowth } from './memory-growth.ts';
import type { AdapterBlob } from './raw-engine.ts';

export interface EngineLaneDeps {
  /** Loads a fresh instance of the same model, with these adapters. */
  openEngine(adapters: readonly AdapterBlob[], signal: AbortSignal): Promise<Engine>;
  readonly adapters: HeldAdapters;
  readonly header: PromptFacts & Pick<GgufHeader, 'cacheBytesPerToken'>;
  readonly embedder: Pick<Embedder, 'embed' | 'end'>;
  readonly clock: Clock;
  /** An idle instance that has grown by this much is ended; the next call loads a fresh one. */
  readonly recycleAfterBytes: number;
  report(engine: Engine): LaneReport;
}

/** What a loading with adapters ends with for their sake. */
const OF_ADAPTERS: ReadonlySet<ErrorCode> = new Set(['AdapterMismatch', 'ModelTooLarge']);

interface SlotUse {
  readonly uses?: readonly AdapterUse[];
  readonly onPlace?: (ahead: number) => void;
}

/** Streaming stutters when several requests decode at once, and one bad request can end its neighbours. */
const SLOTS = 1;
export async function openEngineLane(deps: EngineLaneDeps, signal: AbortSignal): Promise<InferenceLane> {
  const engine = await deps.openEngine([], signal);
  return new EngineLane(deps, engine);
}

class EngineLane implements InferenceLane {
  readonly report: LaneReport;
  readonly #deps: EngineLaneDeps;
  readonly #admission = createAdmission(SLOTS);
  readonly #life = new AbortController();
  readonly #renderPrompt: RenderPrompt;
  #engine: Engine;
  #growth: MemoryGrowth;

  constructor(deps: EngineLaneDeps, engine: Engine) {
    this.#deps = deps;
    this.#engine = engine;
    this.#growth = createMemoryGrowth(deps.header.cacheBytesPerToken ?? 0);
    this.#renderPrompt = createPromptRenderer(deps.header, engine.loaded.addsBos);
    this.report = deps.report(engine);
  }

  async warmup(signal?: AbortSignal, messages?: readonly ChatMessage[]): Promise<WarmupReport> {
    // Another set than the last one would cost the engine what it has read.
    const adapters = messages ? [] : [...this.#engine.lastAdapters];
    for await (const chunk of this.generate({ ...warmupRequest(messages), adapters }, signal)) {
      if (chunk.kind === 'done') {
        const { firstTokenMs, totalMs } = chunk.result;
        return { firstTokenMs, totalMs };
      }
    }
    throw new AppError('LaneDied', 'The engine ended the warm-up without a result.');
  }

  generate(request: GenerateRequest, signal?: AbortSignal): ReadableStream<GenerateChunk> {
    return chunkStream(async (push, inner) => {
      const uses = activeAdapters(request.adapters);
      if (uses.length > 0)
        await this.#deps.adapters.prepare(
          uses.map(({ id }) => id),
          inner,
        );
      await this.#inSlot(inner, (engine, both) => this.#complete(engine, request, push, both), {
        uses,
        onPlace: (ahead) => {
          push({ kind: 'queued', ahead });
        },
      });
    }, signal);
  }

  countPromptTokens(messages: readonly ChatMessage[], signal?: AbortSignal): Promise<number> {
    const { eosToken, controlTokens } = this.#deps.header;
    const padding = controlTokens.includes(eosToken) ? eosToken : (controlTokens[0] ?? '');
    return this.#inSlot(signal, (engine, both) =>
      engine.countTokens(this.#renderPrompt(messages), padding, both),
    );
  }

  /** Waits for the same slot, though it has an instance of its own: two that compute at once are both slow. */
  embed(text: string, signal?: AbortSignal): Promise<Float32Array> {
    return inSlot(this.#admission, { signal, life: this.#life.signal }, (both) =>
      this.#deps.embedder.embed(text, both),
    );
  }

  dispose(): Promise<void> {
    const reason = closed();
    this.#life.abort(reason);
    this.#engine.end(reason);
    this.#deps.embedder.end(reason);
    return Promise.resolve();
  }

  async #complete(
    engine: Engine,
    request: GenerateRequest,
    push: (chunk: GenerateChunk) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const reader = createChunkReader(this.#deps.clock);
    const raw = rawCompletion(this.#renderPrompt(request.messages), request);
    const uses = activeAdapters(request.adapters);
    await engine.complete(raw, (chunk) => reader.read(chunk).forEach(push), signal, uses);
    const result = reader.result();
    if (!result) throw new AppError('LaneDied', 'The engine ended the answer without a result.');
    this.#growth.add(result);
    push({ kind: 'done', result });
  }

  #inSlot<T>(
    signal: AbortSignal | undefined,
    work: (engine: Engine, signal: AbortSignal) => Promise<T>,
    { uses = [], onPlace }: SlotUse = {},
  ): Promise<T> {
    return inSlot(this.#admission, { signal, life: this.#life.signal, onPlace }, async (both) => {
      try {
        return await work(await this.#liveEngine(uses, both), both);
      } finally {
        if (this.#growth.bytes > this.#deps.recycleAfterBytes)
          this.#engine.end(new AppError('LaneDied', 'The engine was ended to give its memory back.'));
      }
    });
  }

  /** After a lost GPU the next one has to be a GPU again: on the CPU the same model may be a hundred times slower. */
  async #reborn({ ended, offload }: Engine, ids: readonly string[], signal: AbortSignal): Promise<Engine> {
    const adapters = await this.#deps.adapters.files(ids, signal);
    try {
      const engine = await this.#deps.openEngine(adapters, signal);
      if (!offload || engine.offload) return engine;
      const gone = new AppError('DeviceLost', 'The GPU went away and did not come back.');
      engine.end(gone);
      throw gone;
    } catch (error) {
      const isOfAdapters = adapters.length > 0 && error instanceof AppError && OF_ADAPTERS.has(error.code);
      if (ended?.code !== 'DeviceLost' || signal.aborted || isOfAdapters) throw error;
      throw new AppError('DeviceLost', 'The GPU went away and did not come back.', { cause: error });
    }
  }

  /** What others think with may be what finds no memory any more: nobody's turn ends for that. */
  async #rebornForOne(ids: readonly string[], signal: AbortSignal): Promise<Engine> {
    try {
      return await this.#reborn(this.#engine, ids, signal);
    } catch (error) {
      const isNoMemory = error instanceof AppError && error.code === 'ModelTooLarge';
      if (signal.aborted || !isNoMemory || !this.#deps.adapters.keepOnly(ids)) throw error;
      return this.#reborn(this.#engine, ids, signal);
    }
  }

  /** An engine cannot take an adapter in later: it is ended, and loaded again with all that is held. */
  async #liveEngine(uses: readonly AdapterUse[], signal: AbortSignal): Promise<Engine> {
    const ids = uses.map(({ id }) => id);
    const { adapters } = this.#deps;
    if (ids.length > 0) adapters.hold(ids);
    if (ids.some((id) => !this.#engine.adapters.includes(id)))
      this.#engine.end(new AppError('LaneDied', 'The engine was ended to be loaded with another adapter.'));
    if (!this.#engine.ended) return this.#engine;
    try {
      this.#engine = await this.#rebornForOne(ids, signal);
    } catch (error) {
      if (ids.length > 0) adapters.letGo(ids, error);
      throw error;
    }
    this.#growth = createMemoryGrowth(this.#deps.header.cacheBytesPerToken ?? 0);
    return this.#engine;
  }
}

function closed(): AppError {
  return new AppError('LaneDied', 'The lane was closed.');
}
