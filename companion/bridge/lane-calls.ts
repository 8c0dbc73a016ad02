/** Owns the generations that one socket has asked the CPU lane for: streamed, stoppable, and stopped with the socket. */
import type { ChatMessage, GenerateRequest } from '../../shared/inference/generate.ts';
import type { LaneReport } from '../../shared/inference/lane.ts';
import { AppError } from '../../shared/errors.ts';
import type { LlamaBackend } from '../llama/backend.ts';
import { linkedAbort, type LinkedAbort } from './linked-abort.ts';
import type { Outgoing } from './outgoing.ts';

export interface LaneCallsDeps {
  readonly lane: LlamaBackend;
  readonly out: Outgoing;
  /** Aborts at the end of the socket. */
  readonly signal: AbortSignal;
}

export class LaneCalls {
  readonly #deps: LaneCallsDeps;
  readonly #running = new Map<number, LinkedAbort>();

  constructor(deps: LaneCallsDeps) {
    this.#deps = deps;
  }

  open(modelId: string): Promise<LaneReport> {
    return this.#deps.lane.open(modelId, this.#deps.signal);
  }

  countTokens(modelId: string, messages: readonly ChatMessage[]): Promise<number> {
    return this.#deps.lane.countPromptTokens(modelId, messages, this.#deps.signal);
  }

  /** Sends every chunk under `requestId`; resolves after the last. Rejects with the lane's error, or `Aborted`. */
  async generate(requestId: number, modelId: string, request: GenerateRequest): Promise<void> {
    const { lane, out, signal } = this.#deps;
    const call = linkedAbort(signal);
    this.#running.set(requestId, call);
    try {
      for await (const chunk of lane.generate(modelId, request, call.signal)) {
        call.signal.throwIfAborted();
        await out.sendPaced({ type: 'laneChunk', requestId, chunk });
      }
    } finally {
      this.#running.delete(requestId);
      call.release();
    }
  }

  /** Too late is no error: the page may stop what has just ended. */
  abort(requestId: number): void {
    this.#running.get(requestId)?.abort(new AppError('Aborted', 'The generation was stopped.'));
  }
}
