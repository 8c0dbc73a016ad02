/** Owns one life of the inference worker as its owner sees it: every call settles, also when the worker dies. */
import { proxy, wrap, type Remote } from 'comlink';
import type { Clock } from '../../../shared/clock.ts';
import { AppError, fromWireError, toAppError } from '../../../shared/errors.ts';
import type { GenerateChunk, GenerateRequest } from '../../../shared/inference/generate.ts';
import type { OnLaneProgress } from '../progress.ts';
import type { Answer, WorkerHandle } from '../worker-seam.ts';
import { readWireStream } from './wire-stream.ts';
import type { WorkerOpenOptions, InferenceWorkerApi, OpenedModel } from './worker-api.ts';

export interface WorkerSessionDeps {
  /** Starts the inference worker. */
  readonly spawn: () => WorkerHandle;
  readonly clock: Clock;
  readonly locks: Pick<LockManager, 'request'>;
  /** A name for the life lock that nobody else uses. */
  readonly newLockName: () => string;
}

/** The worker's script is small; its engine comes later. */
const START_WITHIN_MS = 20_000;
/** Longer than the worker's own watchdogs: reached only when the worker itself hangs. */
const SILENCE_MS = 600_000;

export class WorkerSession {
  readonly #worker: WorkerHandle;
  readonly #api: Remote<InferenceWorkerApi>;
  readonly #clock: Clock;
  readonly #life = new AbortController();
  #nextCall = 1;
  #pending = 0;
  #cancelSilence: () => void = () => undefined;

  private constructor(deps: WorkerSessionDeps) {
    this.#clock = deps.clock;
    this.#worker = deps.spawn();
    this.#worker.addEventListener('error', (event) => {
      // A script that could not be fetched gives a plain Event without a message.
      const message = 'message' in event ? String(event.message) : 'no cause was given';
      this.end(new AppError('LaneDied', `The inference worker failed: ${message}`));
    });
    this.#api = wrap<InferenceWorkerApi>(this.#worker);
  }

  /** Rejects with `LaneStartFailed` or what opening the model fails with; the worker is then gone. */
  static async open(
    deps: WorkerSessionDeps,
    options: WorkerOpenOptions,
    onProgress: OnLaneProgress,
    signal: AbortSignal,
  ): Promise<{ readonly session: WorkerSession; readonly opened: OpenedModel }> {
    const session = WorkerSession.#start(deps, signal);
    try {
      await session.#holdLife(deps);
      const onSign = proxy((progress: Parameters<OnLaneProgress>[0]) => {
        session.#sign();
        onProgress(progress);
      });
      const opened = await session.call((api, call) => api.open(call, options, onSign), signal);
      return { session, opened };
    } catch (error) {
      session.end(new AppError('LaneDied', 'The inference worker was not needed any more.'));
      const cause = toAppError(error);
      if (cause.code !== 'LaneDied') throw cause;
      throw new AppError('LaneStartFailed', cause.message, {
        cause,
        ...(cause.detail === undefined ? {} : { detail: cause.detail }),
      });
    }
  }

  static #start(deps: WorkerSessionDeps, signal: AbortSignal): WorkerSession {
    if (signal.aborted) throw new AppError('Aborted', 'Opening the lane was stopped.');
    try {
      return new WorkerSession(deps);
    } catch (cause) {
      throw new AppError('LaneStartFailed', 'The inference worker cannot be started.', { cause });
    }
  }

  /** Why the worker is gone; undefined while it lives. */
  get ended(): AppError | undefined {
    return this.#life.signal.aborted ? toAppError(this.#life.signal.reason) : undefined;
  }

  /** Terminates the worker; every pending call rejects with `reason`. Safe to call again. */
  end(reason: AppError): void {
    if (this.#life.signal.aborted) return;
    this.#life.abort(reason);
    this.#cancelSilence();
    this.#worker.terminate();
  }

  async call<T>(
    work: (api: Remote<InferenceWorkerApi>, call: number) => Promise<Answer<T>>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (signal?.aborted) throw new AppError('Aborted', 'The request was given up before it was sent.');
    const call = this.#nextCall++;
    const onAbort = (): void => {
      // The answer is `Aborted`, on the call itself.
      void this.#api.abort(call).catch(() => undefined);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const answer = await this.#whileAlive(work(this.#api, call));
      if (answer.ok) return answer.value;
      throw fromWireError(answer.error);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Resolves after the last chunk. When the signal aborts, the worker's stream is cancelled. */
  async stream(
    request: GenerateRequest,
    push: (chunk: GenerateChunk) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const stream = await this.#whileAlive(this.#api.generate(request));
    const reader = stream.getReader();
    const onAbort = (): void => {
      void reader.cancel().catch(() => undefined);
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#whileAlive(
        readWireStream(reader, (chunk) => {
          this.#sign();
          push(chunk);
        }),
      );
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #holdLife({ clock, locks, newLockName }: WorkerSessionDeps): Promise<void> {
    const cancelTimeout = clock.after(START_WITHIN_MS, () => {
      this.end(new AppError('LaneDied', 'The inference worker did not start.'));
    });
    const lock = newLockName();
    await this.#whileAlive(this.#api.hold(lock)).finally(cancelTimeout);
    // Granted when the worker is gone, however it went. Rejects only when withdrawn.
    void locks
      .request(lock, { signal: this.#life.signal }, () => {
        this.end(new AppError('LaneDied', 'The inference worker ended without a word.'));
      })
      .catch(() => undefined);
  }

  async #whileAlive<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#life;
    signal.throwIfAborted();
    this.#pending += 1;
    this.#sign();
    let onEnd: () => void = () => undefined;
    const end = new Promise<never>((_resolve, reject) => {
      onEnd = () => {
        reject(toAppError(signal.reason));
      };
      signal.addEventListener('abort', onEnd, { once: true });
    });
    try {
      return await Promise.race([work, end]);
    } finally {
      signal.removeEventListener('abort', onEnd);
      this.#pending -= 1;
      this.#sign();
    }
  }

  /** The worker showed that it works, or calls came or went. */
  #sign(): void {
    this.#cancelSilence();
    if (this.#pending === 0 || this.#life.signal.aborted) return;
    this.#cancelSilence = this.#clock.after(SILENCE_MS, () => {
      this.end(new AppError('LaneDied', 'The inference worker stopped answering.'));
    });
  }
}
