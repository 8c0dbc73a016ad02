/** Owns the requests of one socket that are not answered yet: every one of them settles. */
import * as v from 'valibot';
import type { Clock } from '../../../shared/clock.ts';
import { AppError, fromWireError } from '../../../shared/errors.ts';
import {
  METHODS,
  type DownMessage,
  type MethodName,
  type MethodResult,
} from '../../../shared/bridge/protocol.ts';
import type { GenerateChunk } from '../../../shared/inference/generate.ts';

/** After that long without an answer a call is `BridgeTimeout`. Lane calls have watchdogs of their own. */
const ANSWER_WITHIN_MS = 10_000;
const UNTIMED: ReadonlySet<MethodName> = new Set([
  'laneOpen',
  'laneGenerate',
  'laneCountTokens',
  'laneEmbed',
  // A server may load a model before its first word.
  'endpointConnect',
  'adoptModel',
]);

export interface CallOptions {
  /** Settles the call with `Aborted`; a generation or an embedding is stopped in the companion too. */
  readonly signal?: AbortSignal | undefined;
  /** `laneGenerate` only. */
  readonly onChunk?: ((chunk: GenerateChunk) => void) | undefined;
  /** Of requests that take long. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

interface PendingCall extends Omit<CallOptions, 'signal'> {
  readonly method: MethodName;
  settle(outcome: { readonly value: unknown } | { readonly error: AppError }): void;
}

export class PendingCalls {
  readonly #calls = new Map<number, PendingCall>();
  readonly #clock: Clock;
  #lastId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `send` gets the new request's id; when it throws, the call is refused with that. */
  open<M extends MethodName>(
    method: M,
    options: CallOptions,
    send: (id: number) => void,
    onAbort: (id: number) => void,
  ): Promise<MethodResult<M>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const { signal } = options;
      if (signal?.aborted) {
        reject(new AppError('Aborted', 'Stopped before it began.'));
        return;
      }
      const cancelTimer = UNTIMED.has(method)
        ? undefined
        : this.#clock.after(ANSWER_WITHIN_MS, () => {
            call.settle({
              error: new AppError('BridgeTimeout', `The companion did not answer "${method}" in time.`),
            });
          });
      const abort = (): void => {
        call.settle({ error: new AppError('Aborted', `"${method}" was stopped.`) });
        onAbort(id);
      };
      const call: PendingCall = {
        method,
        onChunk: options.onChunk,
        onProgress: options.onProgress,
        settle: (outcome) => {
          this.#calls.delete(id);
          cancelTimer?.();
          signal?.removeEventListener('abort', abort);
          if ('error' in outcome) {
            reject(outcome.error);
            return;
          }
          const parsed = v.safeParse(METHODS[method].result, outcome.value);
          // The schema was chosen by the method, which the compiler cannot follow through the map.
          if (parsed.success) resolve(parsed.output as MethodResult<M>);
          else
            reject(new AppError('ProtocolViolation', `The companion's answer to "${method}" is malformed.`));
        },
      };
      this.#calls.set(id, call);
      signal?.addEventListener('abort', abort, { once: true });
      try {
        send(id);
      } catch (error) {
        call.settle({ error: new AppError('BridgeDown', 'The connection is closed.', { cause: error }) });
      }
    });
  }

  answer(message: Extract<DownMessage, { type: 'response' }>): void {
    const call = this.#calls.get(message.id);
    if (message.error) call?.settle({ error: fromWireError(message.error) });
    else call?.settle({ value: message.result });
  }

  chunk(message: Extract<DownMessage, { type: 'laneChunk' }>): void {
    this.#calls.get(message.requestId)?.onChunk?.(message.chunk);
  }

  progress({ requestId, done, total }: Extract<DownMessage, { type: 'progress' }>): void {
    this.#calls.get(requestId)?.onProgress?.(done, total);
  }

  /** The socket ended. */
  failAll(error: AppError): void {
    for (const call of Array.from(this.#calls.values())) call.settle({ error });
  }
}
