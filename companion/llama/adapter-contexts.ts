/** Owns the contexts of a model with adapters on it: one per set, none ever sees what another has evaluated. */
import type { LlamaContextSequence } from 'node-llama-cpp';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { createAdapterPager, type AdapterPager } from '../../shared/inference/genome/adapter-pager.ts';
import { adapterSetName } from '../../shared/inference/genome/adapters.ts';
import type { AdapterToLoad } from './child-messages.ts';

export interface AdapterContext {
  readonly sequence: LlamaContextSequence;
  dispose(): Promise<void>;
}

export interface AdapterContextsDeps {
  readonly budgetBytes: number;
  /** What the key-value cache of one context takes. */
  readonly cacheBytes: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  open(adapters: readonly AdapterToLoad[], signal: AbortSignal): Promise<AdapterContext>;
  /** Gives back what the weights of an adapter take; no context uses them any more. */
  releaseFile(path: string): Promise<void>;
}

interface Held {
  readonly adapters: readonly AdapterToLoad[];
  readonly context: AdapterContext;
}

/** Calls come one after the other: a context is never let go while somebody writes in it. */
export class AdapterContexts {
  readonly #deps: AdapterContextsDeps;
  readonly #pager: AdapterPager;
  readonly #held = new Map<string, Held>();

  constructor(deps: AdapterContextsDeps) {
    this.#deps = deps;
    this.#pager = createAdapterPager(deps);
  }

  /** Rejects with `AdapterMismatch`, `LaneStartFailed` or the signal's reason. Sets that were held before may be gone then. */
  async sequenceOf(adapters: readonly AdapterToLoad[], signal: AbortSignal): Promise<LlamaContextSequence> {
    const name = adapterSetName(adapters);
    await this.#activate(name, adapters);
    const held = this.#held.get(name);
    if (held) return held.context.sequence;
    try {
      const context = await this.#open(name, adapters, signal);
      this.#held.set(name, { adapters, context });
      return context.sequence;
    } catch (error) {
      this.#pager.forget(name);
      await this.#releaseFiles(adapters);
      signal.throwIfAborted();
      throw asAppError(error);
    }
  }

  async #activate(name: string, adapters: readonly AdapterToLoad[]): Promise<void> {
    const filesBytes = adapters.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#pager.register({ name, sizeBytes: filesBytes + this.#deps.cacheBytes });
    await this.#unload(this.#pager.activateSkill(name).evicted);
  }

  /** What does not come into being beside the others may do so without them. */
  async #open(
    name: string,
    adapters: readonly AdapterToLoad[],
    signal: AbortSignal,
  ): Promise<AdapterContext> {
    try {
      return await this.#deps.open(adapters, signal);
    } catch (error) {
      this.#pager.forget(name);
      if (error instanceof AppError || signal.aborted || this.#held.size === 0) throw error;
      await this.#unload(this.#pager.evictUnderPressure(0).evicted);
      await this.#activate(name, adapters);
      return this.#deps.open(adapters, signal);
    }
  }

  async #unload(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const held = this.#held.get(name);
      this.#held.delete(name);
      // A page may ask for any number of scales: what is not held is not remembered.
      this.#pager.forget(name);
      await held?.context.dispose();
      await this.#releaseFiles(held?.adapters ?? []);
    }
  }

  /** Several sets may share a file. */
  async #releaseFiles(adapters: readonly AdapterToLoad[]): Promise<void> {
    const inUse = new Set([...this.#held.values()].flatMap((held) => held.adapters.map(({ path }) => path)));
    for (const { path } of adapters) if (!inUse.has(path)) await this.#deps.releaseFile(path);
  }
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const cause = error instanceof Error ? error.message : String(error);
  return new AppError('LaneStartFailed', `llama.cpp could not make a context for the adapter: ${cause}`, {
    cause: error,
  });
}
