/** Owns the companion lane as the node sees it: llama.cpp behind the bridge, opened again after either end was gone. */
import { AppError, toAppError } from '../../../shared/errors.ts';
import { chunkStream } from '../../../shared/inference/chunk-stream.ts';
import { requireEmbeddable, unitVector } from '../../../shared/inference/embedding.ts';
import {
  warmupRequest,
  type ChatMessage,
  type GenerateChunk,
  type GenerateRequest,
} from '../../../shared/inference/generate.ts';
import type { InferenceLane, LaneReport, WarmupReport } from '../../../shared/inference/lane.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { LaneBridge } from './lane-bridge.ts';

export interface CompanionLaneDeps {
  readonly bridge: LaneBridge;
  readonly clock: Clock;
}

export interface ReleasableLane extends InferenceLane {
  /** Gives the model's memory in the companion back, unless somebody is at work with it; the next call loads it again. */
  release(): Promise<void>;
}

/** Has the companion load the model. Rejects with what `laneOpen` fails with. */
export async function openCompanionLane(
  deps: CompanionLaneDeps,
  modelId: string,
  signal: AbortSignal,
): Promise<ReleasableLane> {
  const report = await deps.bridge.request('laneOpen', { modelId }, { signal });
  return new CompanionLane(deps, modelId, report);
}

class CompanionLane implements ReleasableLane {
  readonly report: LaneReport;
  readonly #deps: CompanionLaneDeps;
  readonly #modelId: string;
  readonly #life = new AbortController();
  /** False after a failure behind which the companion, or the engine in it, may be a new one. */
  #open = true;

  constructor(deps: CompanionLaneDeps, modelId: string, report: LaneReport) {
    this.#deps = deps;
    this.#modelId = modelId;
    this.report = report;
  }

  async warmup(signal?: AbortSignal, messages?: readonly ChatMessage[]): Promise<WarmupReport> {
    const { clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    for await (const chunk of this.generate(warmupRequest(messages), signal)) {
      if (chunk.kind === 'done') {
        return { firstTokenMs: chunk.result.firstTokenMs, totalMs: clock.monotonicMs() - startedMs };
      }
    }
    throw new AppError('LaneDied', 'The companion ended the warm-up without a result.');
  }

  generate(request: GenerateRequest, signal?: AbortSignal): ReadableStream<GenerateChunk> {
    return chunkStream(
      (push, inner) =>
        this.#call(inner, async (both) => {
          const params = { modelId: this.#modelId, request };
          await this.#deps.bridge.request('laneGenerate', params, { signal: both, onChunk: push });
        }),
      signal,
    );
  }

  countPromptTokens(messages: readonly ChatMessage[], signal?: AbortSignal): Promise<number> {
    return this.#call(signal, async (both) => {
      const params = { modelId: this.#modelId, messages: [...messages] };
      return (await this.#deps.bridge.request('laneCountTokens', params, { signal: both })).tokens;
    });
  }

  async embed(text: string, signal?: AbortSignal): Promise<Float32Array> {
    requireEmbeddable(text);
    return this.#call(signal, async (both) => {
      const params = { modelId: this.#modelId, text };
      return unitVector((await this.#deps.bridge.request('laneEmbed', params, { signal: both })).vector);
    });
  }

  dispose(): Promise<void> {
    this.#life.abort(new AppError('LaneDied', 'The lane was closed.'));
    return this.release();
  }

  /** Where there is no way to the companion now, the model stays in its memory until somebody else needs the room. */
  async release(): Promise<void> {
    await this.#deps.bridge
      .request('laneRelease', { modelId: this.#modelId })
      .catch((_away: unknown) => undefined);
  }

  async #call<T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const life = this.#life.signal;
    const both = signal ? AbortSignal.any([signal, life]) : life;
    try {
      life.throwIfAborted();
      if (!this.#open) {
        // Answered at once when the model is still loaded.
        await this.#deps.bridge.request('laneOpen', { modelId: this.#modelId }, { signal: both });
        this.#open = true;
      }
      return await work(both);
    } catch (thrown) {
      life.throwIfAborted();
      const error = toAppError(thrown, 'BridgeDown');
      if (error.code === 'LaneDied' || error.code === 'BridgeDown' || error.code === 'BridgeTimeout') {
        this.#open = false;
      }
      throw error;
    }
  }
}
