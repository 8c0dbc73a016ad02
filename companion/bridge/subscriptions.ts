/** Owns the live streams of one socket: each in the daemon's order, none after its detach. */
import { MAX_SUBSCRIPTIONS_PER_SOCKET } from '../../shared/bridge/limits.ts';
import type { MethodParams } from '../../shared/bridge/protocol.ts';
import type { AircEvent } from '../../shared/airc/model.ts';
import { AppError, toAppError, toWireError } from '../../shared/errors.ts';
import { toBridgeEvent } from './bridge-event.ts';
import type { DaemonWatch } from './daemon-watch.ts';
import { linkedAbort, type LinkedAbort } from './linked-abort.ts';
import type { Outgoing } from './outgoing.ts';

export interface SubscriptionsDeps {
  readonly daemon: DaemonWatch;
  readonly out: Outgoing;
  /** Aborts at the end of the socket. */
  readonly signal: AbortSignal;
}

export class Subscriptions {
  readonly #deps: SubscriptionsDeps;
  readonly #open = new Map<string, LinkedAbort>();

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps;
  }

  /** Resolves once the daemon has registered the subscription. Rejects with the daemon's error, or `RateLimited`. */
  async attach({ subscription, channel, start }: MethodParams<'attach'>): Promise<void> {
    if (this.#open.has(subscription)) {
      throw new AppError('ProtocolViolation', `There is a subscription "${subscription}" already.`);
    }
    if (this.#open.size >= MAX_SUBSCRIPTIONS_PER_SOCKET) {
      throw new AppError('RateLimited', `A connection has at most ${MAX_SUBSCRIPTIONS_PER_SOCKET} streams.`);
    }
    const stream = linkedAbort(this.#deps.signal);
    this.#open.set(subscription, stream);
    try {
      // Not the deadline's signal: that one is for the answer, the stream outlives it.
      const events = await this.#deps.daemon.call(
        (connection, within) => register(connection.attach({ channel, start }, stream.signal), within),
        stream.signal,
      );
      this.#relay(subscription, events, stream)
        .catch((error: unknown) => {
          this.#ended(subscription, stream, error);
        })
        .finally(stream.release);
    } catch (error) {
      if (this.#open.get(subscription) === stream) this.#open.delete(subscription);
      stream.abort(error);
      stream.release();
      throw error;
    }
  }

  /** Ends a stream; nothing of it is sent any more. */
  detach(subscription: string): void {
    this.#open.get(subscription)?.abort(new AppError('Aborted', 'Detached.'));
    this.#open.delete(subscription);
  }

  async #relay(subscription: string, events: AsyncIterable<AircEvent>, stream: LinkedAbort): Promise<void> {
    const { out } = this.#deps;
    for await (const event of events) {
      if (stream.signal.aborted) return;
      await out.sendPaced({ type: 'event', subscription, event: toBridgeEvent(event) });
    }
    this.#ended(subscription, stream, undefined);
  }

  #ended(subscription: string, stream: LinkedAbort, thrown: unknown): void {
    // By detach or by the socket's end: nobody waits for it.
    if (stream.signal.aborted) return;
    this.#open.delete(subscription);
    if (thrown !== undefined) this.#deps.daemon.noteFailure(toAppError(thrown));
    this.#deps.out.send({
      type: 'attachEnded',
      subscription,
      ...(thrown === undefined ? {} : { error: toWireError(thrown) }),
    });
  }
}

/** The stream, or the deadline's reason: a daemon that never answers would hold the request for ever. */
function register<T>(stream: Promise<T>, within: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(within.reason as Error);
    };
    if (within.aborted) onAbort();
    within.addEventListener('abort', onAbort, { once: true });
    stream.then(resolve, reject).finally(() => {
      within.removeEventListener('abort', onAbort);
    });
  });
}
