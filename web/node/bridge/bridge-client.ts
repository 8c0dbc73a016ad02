/** Owns staying connected: one live session at a time, dialled again with backoff whenever it ends. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/log.ts';
import type { LinkDialer } from '../../../shared/bridge/link.ts';
import type { EndpointOffer } from '../../../shared/bridge/endpoint.ts';
import type { GatedOffer } from '../../../shared/bridge/gated.ts';
import type { ModelOffer } from '../../../shared/bridge/messages.ts';
import type { MethodName, MethodParams, MethodResult, Ready } from '../../../shared/bridge/protocol.ts';
import type { RandomSource } from '../../../shared/random.ts';
import { nextOf, untilAborted } from '../abortable.ts';
import { createTopic, type Topic } from '../topic.ts';
import type { BridgeSession } from './bridge-session.ts';
import { reconnectDelayMs } from './backoff.ts';
import { openSession } from './handshake.ts';
import type { CallOptions } from './pending-calls.ts';
import type { SessionKey } from './session-key.ts';

export type BridgeState =
  | { readonly kind: 'connecting'; readonly attempt: number; readonly error?: AppError }
  | { readonly kind: 'ready'; readonly session: BridgeSession }
  /** The companion does not know this browser, or speaks another version: trying again would not help. */
  | { readonly kind: 'refused'; readonly error: AppError };

export interface BridgeClientDeps {
  readonly dialer: LinkDialer;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** Tried again only after the person did something: paired anew, or reloaded. */
const FINAL: ReadonlySet<string> = new Set(['SessionUnknown', 'ProtocolVersionMismatch']);
/** A page that answers the challenge too late hears `SessionUnknown` as well: it takes more than one to believe it. */
const FINAL_AFTER = 3;
/** A session that ended sooner does not reset the backoff: a peer that greets and hangs up must not be hammered. */
const STABLE_AFTER_MS = 2_000;

export class BridgeClient {
  readonly states: Topic<BridgeState> = createTopic();
  readonly #deps: BridgeClientDeps;
  #state: BridgeState = { kind: 'connecting', attempt: 0 };

  constructor(deps: BridgeClientDeps) {
    this.#deps = deps;
  }

  get state(): BridgeState {
    return this.#state;
  }

  /** What the companion said on the present session. Throws `BridgeDown` when there is none. */
  get ready(): Ready {
    if (this.#state.kind === 'ready') return this.#state.session.ready;
    throw new AppError('BridgeDown', 'There is no connection to the companion.');
  }

  /** The companion has this model too since the present session began. */
  learnModel(offer: ModelOffer): void {
    if (this.#state.kind !== 'ready') return;
    const { session } = this.#state;
    const others = session.ready.models.filter(({ id }) => id !== offer.id);
    session.learn({ models: [...others, offer] });
  }

  /** Undefined: the person's server is forgotten. */
  learnEndpoint(endpoint: EndpointOffer | undefined): void {
    if (this.#state.kind === 'ready') this.#state.session.learn({ endpoint });
  }

  /** Undefined: none is kept any more. */
  learnGatedToken(gatedToken: GatedOffer | undefined): void {
    if (this.#state.kind === 'ready') this.#state.session.learn({ gatedToken });
  }

  /** Keeps a session up until the signal aborts or the companion refuses for good; then resolves. */
  async run(key: SessionKey, signal: AbortSignal): Promise<void> {
    const { dialer, clock, random, log } = this.#deps;
    let failures = 0;
    let refusals = 0;
    let lastError: AppError | undefined;
    while (!signal.aborted) {
      this.#enter({ kind: 'connecting', attempt: failures, ...(lastError && { error: lastError }) });
      try {
        if (failures > 0) await clock.sleep(reconnectDelayMs(failures, random), signal);
        const session = await openSession(dialer, key, clock, signal);
        const sinceMs = clock.monotonicMs();
        log.log('info', 'bridge.ready', { daemon: session.ready.daemon.socketPath });
        lastError = await this.#serve(session, signal);
        failures = clock.monotonicMs() - sinceMs >= STABLE_AFTER_MS ? 0 : failures + 1;
      } catch (error) {
        if (signal.aborted) return;
        lastError = toAppError(error, 'BridgeDown');
        failures += 1;
      }
      refusals = lastError && FINAL.has(lastError.code) ? refusals + 1 : 0;
      if (lastError && refusals >= FINAL_AFTER) {
        this.#enter({ kind: 'refused', error: lastError });
        return;
      }
    }
  }

  /** On the present session; `BridgeDown` at once when there is none. */
  request<M extends MethodName>(
    method: M,
    params: MethodParams<M>,
    options: CallOptions = {},
  ): Promise<MethodResult<M>> {
    if (this.#state.kind === 'ready') return this.#state.session.request(method, params, options);
    return Promise.reject(new AppError('BridgeDown', 'There is no connection to the companion.'));
  }

  /** The present session, or the next one. Rejects with the signal's reason. */
  async whenReady(signal: AbortSignal): Promise<BridgeSession> {
    signal.throwIfAborted();
    if (this.#state.kind === 'ready' && !this.#state.session.ended.aborted) return this.#state.session;
    return nextOf(this.states, (state) => (state.kind === 'ready' ? state.session : undefined), signal);
  }

  async #serve(session: BridgeSession, signal: AbortSignal): Promise<AppError> {
    const stop = (): void => {
      session.close(new AppError('BridgeDown', 'This page closed the connection.'));
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      this.#enter({ kind: 'ready', session });
      return await untilAborted(session.ended).catch((error: unknown) => toAppError(error));
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  #enter(state: BridgeState): void {
    const before = this.#state;
    this.#state = state;
    const code = state.kind === 'ready' ? undefined : state.error?.code;
    // Four tries a second would drown everything else in the log: a cause is told once.
    if (code !== undefined && (before.kind === 'ready' || before.error?.code !== code)) {
      const message = state.kind === 'ready' ? '' : (state.error?.message ?? '');
      this.#deps.log.log('warn', 'bridge.down', { code, message });
    }
    this.states.publish(state);
  }
}
