/** Owns what one socket has asked the engines for: streamed, stoppable, and stopped with the socket. */
import type { ChatMessage, GenerateRequest } from '../../shared/inference/generate.ts';
import type { Clock } from '../../shared/clock.ts';
import type { LaneReport } from '../../shared/inference/lane.ts';
import { AppError } from '../../shared/errors.ts';
import { ENDPOINT_MODEL } from '../../shared/bridge/endpoint.ts';
import type { LaneEngine } from '../llama/backend.ts';
import { linkedAbort, type LinkedAbort } from './linked-abort.ts';
import type { Outgoing } from './outgoing.ts';

const KEPT_AFTER_END_MS = 60_000;

export interface LaneCallsDeps {
  readonly lane: LaneEngine;
  /** Has the models whose ids begin with {@link ENDPOINT_MODEL}. */
  readonly endpoint: LaneEngine;
  readonly out: Outgoing;
  readonly clock: Clock;
  /** Aborts at the end of the companion. */
  readonly life: AbortSignal;
  /** Aborts at the end of the socket. */
  readonly signal: AbortSignal;
}

export class LaneCalls {
  readonly #deps: LaneCallsDeps;
  readonly #running = new Map<number, LinkedAbort>();
  /** By model id: what lets go of it. */
  readonly #held = new Map<string, () => void>();

  constructor(deps: LaneCallsDeps) {
    this.#deps = deps;
    deps.signal.addEventListener('abort', () => {
      // A tab that was closed has no use for its models any more; one that was reloaded asks again within seconds.
      const letGo = [...this.#held.values()];
      this.#held.clear();
      if (letGo.length === 0) return;
      deps.clock
        .sleep(KEPT_AFTER_END_MS, deps.life)
        .catch((_ending: unknown) => undefined)
        .finally(() => {
          for (const each of letGo) each();
        });
    });
  }

  open(modelId: string): Promise<LaneReport> {
    return this.#engineOf(modelId).open(modelId, this.#deps.signal);
  }

  countTokens(modelId: string, messages: readonly ChatMessage[]): Promise<number> {
    return this.#engineOf(modelId).countPromptTokens(modelId, messages, this.#deps.signal);
  }

  /** Sends every chunk under `requestId`; resolves after the last. Rejects with the lane's error, or `Aborted`. */
  generate(requestId: number, modelId: string, request: GenerateRequest): Promise<void> {
    return this.#stoppable(requestId, async (signal) => {
      for await (const chunk of this.#engineOf(modelId).generate(modelId, request, signal)) {
        signal.throwIfAborted();
        await this.#deps.out.sendPaced({ type: 'laneChunk', requestId, chunk });
      }
    });
  }

  embed(requestId: number, modelId: string, text: string): Promise<Float32Array> {
    return this.#stoppable(requestId, (signal) => this.#engineOf(modelId).embed(modelId, text, signal));
  }

  release(modelId: string): void {
    this.#held.get(modelId)?.();
    this.#held.delete(modelId);
  }

  async #stoppable<T>(requestId: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const call = linkedAbort(this.#deps.signal);
    this.#running.set(requestId, call);
    try {
      return await work(call.signal);
    } finally {
      this.#running.delete(requestId);
      call.release();
    }
  }

  /** From now on its model is held. */
  #engineOf(modelId: string): LaneEngine {
    const engine = modelId.startsWith(ENDPOINT_MODEL) ? this.#deps.endpoint : this.#deps.lane;
    if (!this.#held.has(modelId) && !this.#deps.signal.aborted) this.#held.set(modelId, engine.hold(modelId));
    return engine;
  }

  /** Too late is no error: the page may stop what has just ended. */
  abort(requestId: number): void {
    this.#running.get(requestId)?.abort(new AppError('Aborted', 'The generation was stopped.'));
  }
}
