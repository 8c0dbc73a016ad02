/** Owns one authenticated socket to the companion: its calls, its event streams, its heartbeat and its one end. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError, fromWireError } from '../../../shared/errors.ts';
import { CLOSE, HEARTBEAT_EVERY_MS, LINK_DEAD_AFTER_MS } from '../../../shared/bridge/limits.ts';
import type { Link } from '../../../shared/bridge/link.ts';
import type { BridgeEvent, DaemonInfo } from '../../../shared/bridge/messages.ts';
import type {
  DownMessage,
  MethodName,
  MethodParams,
  MethodResult,
  Ready,
  UpMessage,
} from '../../../shared/bridge/protocol.ts';
import { createTopic, type Topic } from '../topic.ts';
import { parseDown } from './parse-down.ts';
import { PendingCalls, type CallOptions } from './pending-calls.ts';

export interface SubscriptionHandlers {
  onEvent(event: BridgeEvent): void;
  /** The daemon ended the stream; `error` says why when it knows. Not called when the socket ends: see `ended`. */
  onEnded(error: AppError | undefined): void;
}

export class BridgeSession {
  /** The challenge of this socket: part of every claim's proof. */
  readonly nonce: string;
  #ready: Ready;
  /** Aborted, with an AppError as reason, as soon as the socket is of no use any more. */
  readonly ended: AbortSignal;
  readonly daemonStates: Topic<DaemonInfo> = createTopic();
  readonly lostLeases: Topic<{ readonly peerId: string; readonly error: AppError }> = createTopic();

  readonly #link: Link;
  readonly #clock: Clock;
  readonly #calls: PendingCalls;
  readonly #end = new AbortController();
  readonly #subscriptions = new Map<string, SubscriptionHandlers>();
  #lastHeardMs: number;
  #cancelHeartbeat: () => void = () => undefined;

  /** `link` is authenticated: the companion said `ready`. */
  constructor(link: Link, nonce: string, ready: Ready, clock: Clock) {
    this.nonce = nonce;
    this.#ready = ready;
    this.ended = this.#end.signal;
    this.#link = link;
    this.#clock = clock;
    this.#calls = new PendingCalls(clock);
    this.#lastHeardMs = clock.monotonicMs();
    link.onMessage = (text) => {
      this.#receive(text);
    };
    link.onClose = (code, reason) => {
      this.#finish(new AppError('BridgeDown', `The companion closed the connection (${code} ${reason}).`));
    };
    this.#beat();
  }

  /** What the companion has, as it was told at the beginning and learned since. */
  get ready(): Ready {
    return this.#ready;
  }

  /** Of what the companion greeted with, this is different now. */
  learn(change: Partial<Pick<Ready, 'models' | 'endpoint' | 'gatedToken'>>): void {
    this.#ready = { ...this.#ready, ...change };
  }

  /** Settles always: with the answer, the companion's error, `BridgeDown`, `BridgeTimeout` or `Aborted`. */
  request<M extends MethodName>(
    method: M,
    params: MethodParams<M>,
    options: CallOptions = {},
  ): Promise<MethodResult<M>> {
    if (this.ended.aborted) return Promise.reject(this.ended.reason as AppError);
    return this.#calls.open(
      method,
      options,
      (id) => {
        this.#send({ type: 'request', id, method, params });
      },
      (id) => {
        if (method === 'laneGenerate' || method === 'laneEmbed') this.#stopInLane(id);
      },
    );
  }

  /** Subscribes; resolves once the daemon has registered it. `handlers` may be called before that. */
  async attach(params: MethodParams<'attach'>, handlers: SubscriptionHandlers): Promise<void> {
    this.#subscriptions.set(params.subscription, handlers);
    try {
      await this.request('attach', params);
    } catch (error) {
      this.#subscriptions.delete(params.subscription);
      throw error;
    }
  }

  /** Orderly end by us. */
  close(reason: AppError, code: number = CLOSE.shutdown): void {
    this.#finish(reason);
    this.#link.close(code, reason.code);
  }

  #send(message: UpMessage): void {
    this.#link.send(JSON.stringify(message));
  }

  #stopInLane(requestId: number): void {
    if (this.ended.aborted) return;
    this.request('laneAbort', { requestId }).catch((_tooLate: unknown) => undefined);
  }

  #receive(text: string): void {
    this.#lastHeardMs = this.#clock.monotonicMs();
    const message = parseDown(text);
    if (message) this.#dispatch(message);
    else
      this.close(
        new AppError('ProtocolViolation', 'The companion sent a malformed message.'),
        CLOSE.protocol,
      );
  }

  #dispatch(message: DownMessage): void {
    switch (message.type) {
      case 'response':
        this.#calls.answer(message);
        return;
      case 'laneChunk':
        this.#calls.chunk(message);
        return;
      case 'progress':
        this.#calls.progress(message);
        return;
      case 'event':
        this.#subscriptions.get(message.subscription)?.onEvent(message.event);
        return;
      case 'attachEnded': {
        const handlers = this.#subscriptions.get(message.subscription);
        this.#subscriptions.delete(message.subscription);
        handlers?.onEnded(message.error && fromWireError(message.error));
        return;
      }
      case 'daemonState':
        this.daemonStates.publish(message.daemon);
        return;
      case 'leaseLost':
        this.lostLeases.publish({ peerId: message.peerId, error: fromWireError(message.error) });
        return;
      case 'refused':
        this.close(fromWireError(message.error));
        return;
      case 'pong':
        return;
      case 'challenge':
      case 'ready':
        this.close(new AppError('ProtocolViolation', `Unexpected "${message.type}".`), CLOSE.protocol);
        return;
    }
  }

  /** An open but dead socket gives no event in the browser, so silence is the only sign. */
  #beat(): void {
    const deadAtMs = this.#lastHeardMs + LINK_DEAD_AFTER_MS;
    const waitMs = Math.min(HEARTBEAT_EVERY_MS, deadAtMs - this.#clock.monotonicMs());
    this.#cancelHeartbeat = this.#clock.after(waitMs, () => {
      const nowMs = this.#clock.monotonicMs();
      if (nowMs - this.#lastHeardMs >= LINK_DEAD_AFTER_MS) {
        this.close(new AppError('BridgeDown', 'The companion has been silent for 5 seconds.'));
        return;
      }
      this.#beat();
      try {
        this.#send({ type: 'ping', sentAtMs: nowMs });
      } catch (error) {
        this.close(new AppError('BridgeDown', 'The connection is closed.', { cause: error }));
      }
    });
  }

  #finish(error: AppError): void {
    if (this.ended.aborted) return;
    this.#cancelHeartbeat();
    this.#link.onMessage = () => undefined;
    this.#link.onClose = () => undefined;
    this.#subscriptions.clear();
    this.#end.abort(error);
    this.#calls.failAll(error);
  }
}
