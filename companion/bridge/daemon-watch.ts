/** Owns knowing whether the daemon answers: every call passes here, and while it is gone it is asked again and again. */
import type { AircConnection } from '../../shared/airc/connection.ts';
import type { DaemonInfo } from '../../shared/bridge/messages.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { linkedAbort } from './linked-abort.ts';

/** Below the 10 s after which the page gives a call up, so that the page hears the cause. */
const ANSWER_WITHIN_MS = 8_000;
/** So that its state is true also while no page asks anything. */
const ASK_EVERY_MS = 10_000;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2_000;

/** The daemon that was found or started; the connection dials anew for every call. */
export interface DaemonHandle {
  readonly kind: DaemonInfo['kind'];
  readonly socketPath: string;
  readonly connection: AircConnection;
}

export interface DaemonWatchDeps {
  readonly daemon: DaemonHandle;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ends the asking. */
  readonly signal: AbortSignal;
}

export class DaemonWatch {
  readonly #deps: DaemonWatchDeps;
  readonly #listeners = new Set<(info: DaemonInfo) => void>();
  #state: DaemonInfo['state'] = 'up';
  #asking = false;

  constructor(deps: DaemonWatchDeps) {
    this.#deps = deps;
    this.#askNowAndThen().catch((_ended: unknown) => undefined);
  }

  get info(): DaemonInfo {
    const { kind, socketPath } = this.#deps.daemon;
    return { kind, socketPath, state: this.#state };
  }

  /** Told at every change; the returned function ends that. */
  onChange(listener: (info: DaemonInfo) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One call with a deadline: `DaemonGone` when the daemon is silent, else what the connection rejects with. */
  async call<T>(
    work: (connection: AircConnection, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const within = linkedAbort(signal);
    let isLate = false;
    const cancel = this.#deps.clock.after(ANSWER_WITHIN_MS, () => {
      isLate = true;
      within.abort(new AppError('DaemonGone', 'The daemon did not answer in time.'));
    });
    try {
      const result = await work(this.#deps.daemon.connection, within.signal);
      this.#enter('up');
      return result;
    } catch (thrown) {
      const error = toAppError(isLate ? within.signal.reason : thrown);
      this.noteFailure(error);
      throw error;
    } finally {
      cancel();
      within.release();
    }
  }

  /** A stream broke; errors that say nothing about the daemon change nothing. */
  noteFailure(error: AppError): void {
    const isGone = error.code === 'DaemonGone' || error.code === 'DaemonUnreachable';
    if (!isGone || this.#state === 'gone') return;
    this.#enter('gone', error);
    if (this.#asking) return;
    this.#asking = true;
    this.#askUntilBack()
      .catch((thrown: unknown) => {
        const { signal, log } = this.#deps;
        if (!signal.aborted) log.log('error', 'daemon.watch-failed', { code: toAppError(thrown).code });
      })
      .finally(() => {
        this.#asking = false;
      });
  }

  /** Ends with the signal. */
  async #askNowAndThen(): Promise<void> {
    const { clock, signal } = this.#deps;
    for (;;) {
      await clock.sleep(ASK_EVERY_MS, signal);
      // Gone already: that is asked about elsewhere.
      if (this.#state === 'gone') continue;
      await this.call((connection, within) => connection.ping(within), signal).catch(
        (_entered: unknown) => undefined,
      );
    }
  }

  async #askUntilBack(): Promise<void> {
    const { clock, signal } = this.#deps;
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(2 * waitMs, LAST_RETRY_MS)) {
      await clock.sleep(waitMs, signal);
      if (this.#state === 'up') return;
      // The answer tells all: `call` has entered the state.
      await this.call((connection, within) => connection.ping(within), signal).catch(
        (_stillGone: unknown) => undefined,
      );
    }
  }

  #enter(state: DaemonInfo['state'], cause?: AppError): void {
    if (this.#state === state) return;
    this.#state = state;
    const { log, daemon } = this.#deps;
    log.log(state === 'up' ? 'info' : 'warn', `daemon.${state}`, {
      socketPath: daemon.socketPath,
      ...(cause === undefined ? {} : { code: cause.code, message: cause.message }),
    });
    for (const listener of this.#listeners) listener(this.info);
  }
}
