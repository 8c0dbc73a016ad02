/** Owns one authenticated socket of the bridge, from `ready` to its end; at the end everything it started is stopped. */
import { setMaxListeners } from 'node:events';
import { CLOSE, LEASE_SILENCE_MS } from '../../shared/bridge/limits.ts';
import type { Link } from '../../shared/bridge/link.ts';
import type { MethodName, UpMessage } from '../../shared/bridge/protocol.ts';
import { AppError, toAppError, toWireError } from '../../shared/errors.ts';
import type { DaemonWatch } from './daemon-watch.ts';
import { LaneCalls } from './lane-calls.ts';
import type { LeaseHolder } from './leases.ts';
import { runMethod, type MethodScope } from './methods.ts';
import { Outgoing } from './outgoing.ts';
import { parseUp } from './parse-up.ts';
import { throttledProgress } from './throttled-progress.ts';
import type { RelayDeps, RelaySessionInfo } from './relay-deps.ts';
import { readyMessage } from './ready.ts';
import { Subscriptions } from './subscriptions.ts';

/** Requests of one socket that are not answered yet. */
const MAX_REQUESTS_IN_FLIGHT = 128;
/** A request with wrong parameters is answered by name; a page that goes on like that is broken. */
const MAX_MALFORMED_REQUESTS = 3;

export class RelaySocket implements LeaseHolder {
  readonly sessionId: string;
  readonly #link: Link;
  readonly #deps: RelayDeps;
  readonly #scope: MethodScope;
  readonly #out: Outgoing;
  readonly #end = new AbortController();
  readonly #answering = new Set<number>();
  readonly #onEnded: (socket: RelaySocket) => void;
  #malformed = 0;
  #heardAtMs: number;
  #cancelSilence: () => void = () => undefined;

  /** Takes the link over: sets its handlers, sends `ready`. `onEnded` is called once. */
  constructor(
    link: Link,
    info: RelaySessionInfo,
    deps: RelayDeps,
    daemon: DaemonWatch,
    onEnded: (socket: RelaySocket) => void,
  ) {
    this.sessionId = info.sessionId;
    this.#link = link;
    this.#deps = deps;
    this.#onEnded = onEnded;
    const { signal } = this.#end;
    // Each request in flight and each stream listens until it is over; ten would be warned of as a leak.
    setMaxListeners(0, signal);
    const out = new Outgoing(link, deps.clock, signal);
    this.#out = out;
    this.#scope = {
      deps,
      daemon,
      nonce: info.nonce,
      holder: this,
      subscriptions: new Subscriptions({ daemon, out, signal }),
      progress: (requestId) =>
        throttledProgress(deps.clock, (done, total) => {
          out.send({ type: 'progress', requestId, done, total });
        }),
      lane: new LaneCalls({
        lane: deps.lane,
        endpoint: deps.endpoint,
        out,
        clock: deps.clock,
        life: deps.signal,
        signal,
      }),
      signal,
    };
    this.#heardAtMs = deps.clock.monotonicMs();
    link.onMessage = (text) => {
      this.#receive(text);
    };
    link.onClose = (code, reason) => {
      this.#finish(`${code} ${reason}`);
    };
    const stopTelling = daemon.onChange((state) => {
      out.send({ type: 'daemonState', daemon: state });
    });
    signal.addEventListener('abort', stopTelling, { once: true });
    out.send(readyMessage(deps, daemon.info));
    this.#listenForSilence();
  }

  isHeard(): boolean {
    return this.#deps.clock.monotonicMs() - this.#heardAtMs < LEASE_SILENCE_MS;
  }

  leaseLost(peerId: string, error: AppError): void {
    this.#out.send({ type: 'leaseLost', peerId, error: toWireError(error) });
  }

  /** Ends it by us. */
  close(code: number, reason: string): void {
    if (this.#end.signal.aborted) return;
    this.#finish(reason);
    this.#link.close(code, reason);
  }

  #receive(text: string): void {
    if (this.#end.signal.aborted) return;
    this.#heardAtMs = this.#deps.clock.monotonicMs();
    const message = parseUp(text);
    if (message === undefined) this.#violated('A message is not of the protocol.');
    else this.#dispatch(message);
  }

  #dispatch(message: UpMessage): void {
    switch (message.type) {
      case 'ping':
        this.#out.send({ type: 'pong', sentAtMs: message.sentAtMs });
        return;
      case 'request':
        this.#request(message.id, message.method, message.params);
        return;
      case 'authenticate':
        this.#violated('A socket authenticates once.');
        return;
    }
  }

  #request(id: number, method: MethodName, params: unknown): void {
    if (this.#answering.has(id)) {
      this.#violated(`Request ${id} is not answered yet.`);
      return;
    }
    if (this.#answering.size >= MAX_REQUESTS_IN_FLIGHT) {
      const error = toWireError(new AppError('RateLimited', 'Too many requests wait for an answer.'));
      this.#out.send({ type: 'response', id, error });
      return;
    }
    this.#answering.add(id);
    runMethod(method, params, this.#scope, id)
      .then((result) => {
        this.#out.send({ type: 'response', id, result });
      })
      .catch((thrown: unknown) => {
        this.#refuse(id, method, toAppError(thrown));
      })
      .finally(() => this.#answering.delete(id));
  }

  #refuse(id: number, method: MethodName, error: AppError): void {
    if (this.#end.signal.aborted) return;
    const level = error.code === 'Internal' ? 'error' : 'info';
    this.#deps.log.log(level, 'bridge.refused', { method, code: error.code, message: error.message });
    this.#out.send({ type: 'response', id, error: toWireError(error) });
    if (error.code !== 'ProtocolViolation') return;
    this.#malformed += 1;
    if (this.#malformed > MAX_MALFORMED_REQUESTS) this.#violated('Too many requests were malformed.');
  }

  /** Told by name before the socket closes: a close code alone explains nothing to the person. */
  #violated(message: string): void {
    const error = toWireError(new AppError('ProtocolViolation', message));
    this.#deps.log.log('warn', 'bridge.violation', { sessionId: this.sessionId, message });
    this.#out.send({ type: 'refused', error });
    this.close(CLOSE.protocol, error.code);
  }

  /** A page pings; silence means that it is gone, though the system has not noticed yet. */
  #listenForSilence(): void {
    const leftMs = this.#heardAtMs + LEASE_SILENCE_MS - this.#deps.clock.monotonicMs();
    this.#cancelSilence = this.#deps.clock.after(Math.max(leftMs, 1), () => {
      if (this.isHeard()) this.#listenForSilence();
      else this.close(CLOSE.tooSlow, 'silent');
    });
  }

  #finish(reason: string): void {
    if (this.#end.signal.aborted) return;
    this.#cancelSilence();
    this.#deps.leases.releaseAll(this);
    this.#end.abort(new AppError('Aborted', 'The connection to the page ended.'));
    this.#deps.log.log('info', 'bridge.closed', { sessionId: this.sessionId, reason });
    this.#onEnded(this);
  }
}
