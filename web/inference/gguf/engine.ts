/**
 * Owns one instance of the engine from load to exit: whatever the engine does, every call on it settles, and an
 * instance that cannot be trusted any more is ended.
 */
import type { Clock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import type { AdapterUse } from '../../../shared/inference/genome/adapters.ts';
import { allocatedBytes } from './allocated-bytes.ts';
import { engineError, loadError, loadFailure, refusedTokens } from './engine-errors.ts';
import { saysDeviceLost, webgpuProof, type EngineLog, type OffloadProof } from './engine-log.ts';
import { SlotPast } from './slot-past.ts';
import { createTokenCounter, type TokenCounter } from './token-counter.ts';
import type { RawChunk, RawCompletion, RawEngine, RawLoaded, RawLoadSettings } from './raw-engine.ts';

export interface EngineDeps {
  readonly raw: RawEngine;
  readonly log: EngineLog;
  readonly clock: Clock;
  /** A call during which the engine gives no sign for this long is given up and the instance ended. */
  readonly stallMs: number;
  readonly loadTimeoutMs: number;
}

export class Engine {
  readonly loaded: RawLoaded;
  readonly loadMs: number;
  readonly offload: OffloadProof | undefined;
  /** As its log says; undefined where it does not. */
  readonly allocatedBytes: number | undefined;
  /** Ids of the adapters that a completion can ask for. */
  readonly adapters: readonly string[];
  readonly #past: SlotPast;
  readonly #deps: EngineDeps;
  readonly #death = createFailure();
  #counter: TokenCounter | undefined;
  #ended: AppError | undefined;

  private constructor(deps: EngineDeps, loaded: RawLoaded, loadMs: number, adapters: readonly string[]) {
    this.#deps = deps;
    this.loaded = loaded;
    this.loadMs = loadMs;
    this.offload = webgpuProof(deps.log.lines());
    this.allocatedBytes = allocatedBytes(deps.log.lines());
    this.adapters = adapters;
    this.#past = new SlotPast(adapters);
  }

  /** Rejects with `Aborted`, `ModelTooLarge` (no memory), `ModelUnsupported` (the engine refused the file), `AdapterMismatch` or `LaneStartFailed`. */
  static async load(
    deps: EngineDeps,
    file: Blob,
    settings: RawLoadSettings,
    signal: AbortSignal,
  ): Promise<Engine> {
    const { raw, log, clock, loadTimeoutMs } = deps;
    const startedMs = clock.monotonicMs();
    const giveUp = createFailure();
    const cancelTimeout = clock.after(loadTimeoutMs, () => {
      giveUp.fail(
        new AppError(
          'LaneStartFailed',
          `The engine did not load within ${Math.round(loadTimeoutMs / 1000)} s.`,
        ),
      );
    });
    const onAbort = (): void => {
      giveUp.fail(new AppError('Aborted', 'Loading the model was stopped.'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const adapters = (settings.adapters ?? []).map(({ id }) => id);
    try {
      signal.throwIfAborted();
      const loaded = await Promise.race([raw.load(file, settings), giveUp.promise]);
      if (!loaded.success) throw loadError(log.takeErrors(), adapters.length > 0);
      return new Engine(deps, loaded, clock.monotonicMs() - startedMs, adapters);
    } catch (error) {
      void raw.exit().catch(() => undefined);
      if (signal.aborted) throw new AppError('Aborted', 'Loading the model was stopped.', { cause: error });
      throw loadFailure(error, log.takeErrors(), adapters.length > 0);
    } finally {
      cancelTimeout();
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Why the instance ended; undefined while it can take calls. */
  get ended(): AppError | undefined {
    return this.#ended;
  }

  /** What was read last was read with these adapters. */
  get lastAdapters(): readonly AdapterUse[] {
    return this.#past.last;
  }

  /** With `uses`, all among {@link adapters}. One at a time. Rejects with an AppError; after `LaneDied`, `DeviceLost` or `TurnDeadlineExceeded` the instance has ended. */
  async complete(
    request: RawCompletion,
    onChunk: (chunk: RawChunk) => void,
    signal: AbortSignal,
    uses: readonly AdapterUse[] = [],
  ): Promise<void> {
    await this.#run({ ...request, ...this.#past.fields(uses) }, onChunk, signal);
  }

  async #run(request: RawCompletion, onChunk: (chunk: RawChunk) => void, signal: AbortSignal): Promise<void> {
    await this.#watched((alive) =>
      this.#deps.raw.complete(
        request,
        (chunk) => {
          alive();
          if (!signal.aborted) onChunk(chunk);
        },
        signal,
      ),
    );
  }

  /** On an instance with a pooling. One at a time; settles as `complete`. */
  embed(text: string, signal: AbortSignal): Promise<readonly number[]> {
    return this.#watched(() => this.#deps.raw.embed(text, signal));
  }

  /** `work` calls `alive` for every sign of the engine. */
  async #watched<T>(work: (alive: () => void) => Promise<T>): Promise<T> {
    if (this.#ended) throw this.#ended;
    const { log, clock, stallMs } = this.#deps;
    const onStall = (): void => {
      this.end(
        new AppError('TurnDeadlineExceeded', `The engine gave no sign for ${stallMs / 1000} s.`, {
          detail: log.takeErrors(),
        }),
      );
    };
    let cancelStall = clock.after(stallMs, onStall);
    const alive = (): void => {
      cancelStall();
      cancelStall = clock.after(stallMs, onStall);
    };
    try {
      return await Promise.race([work(alive), this.#death.promise]);
    } catch (thrown) {
      const error = this.#named(thrown);
      if (error.code === 'LaneDied' || error.code === 'DeviceLost') this.end(error);
      throw error;
    } finally {
      cancelStall();
    }
  }

  /** True token count of a prompt, as the engine's tokenizer makes it. One at a time, as `complete`. */
  async countTokens(prompt: string, controlToken: string, signal: AbortSignal): Promise<number> {
    this.#counter ??= await createTokenCounter(
      (padded, padSignal) => this.#refusedTokens(padded, padSignal),
      this.loaded.contextTokens,
      controlToken,
      signal,
    );
    return this.#counter.count(prompt, signal);
  }

  #named(thrown: unknown): AppError {
    const { log } = this.#deps;
    const error = engineError(thrown, log.takeErrors());
    if (error.code !== 'LaneDied' || !this.offload || !saysDeviceLost(log.lines())) return error;
    return new AppError('DeviceLost', 'The GPU went away while the model was thinking.', { cause: error });
  }

  async #refusedTokens(prompt: string, signal: AbortSignal): Promise<number | undefined> {
    try {
      await this.#run({ ...PROBE, ...this.#past.probeFields(), prompt }, () => undefined, signal);
      return undefined;
    } catch (error) {
      const tokens = refusedTokens(error instanceof AppError ? error.cause : error);
      if (tokens === undefined) throw error;
      return tokens;
    }
  }

  /** Ends the instance; calls in flight reject with `reason`. Safe to call again. */
  end(reason: AppError): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#death.fail(reason);
    void this.#deps.raw.exit().catch(() => undefined);
  }
}

/** A promise that others race: it never resolves, and nobody has to listen when it fails. */
function createFailure(): { readonly promise: Promise<never>; fail(reason: AppError): void } {
  let fail: (reason: AppError) => void = () => undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  promise.catch(() => undefined);
  return { promise, fail };
}

const PROBE: Omit<RawCompletion, 'prompt'> = {
  max_tokens: 1,
  temperature: 0,
  top_k: 1,
  top_p: 1,
  min_p: 0,
  repeat_penalty: 1,
};
