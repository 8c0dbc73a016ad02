/** Owns which LoRA adapters an engine is loaded with, beside its model: paged by sets, as requests ask for them. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError, type ErrorCode } from '../../../shared/errors.ts';
import { createAdapterPager, type AdapterPager } from '../../../shared/inference/genome/adapter-pager.ts';
import type { AdapterBlob } from './raw-engine.ts';

/** To try again would end the engine of everybody for the same answer. */
const TRIED_ONCE: ReadonlySet<ErrorCode> = new Set(['AdapterMismatch', 'ModelTooLarge']);

export interface HeldAdaptersDeps {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** What the files of all held sets may take; the pager's default unless told. */
  readonly budgetBytes?: number;
  /** The verified file of an adapter that the model can take. Rejects with `AdapterNotFound`, `AdapterMismatch`, … */
  obtain(id: string, signal: AbortSignal): Promise<Blob>;
}

export class HeldAdapters {
  readonly #deps: HeldAdaptersDeps;
  readonly #pager: AdapterPager;
  readonly #sizes = new Map<string, number>();
  /** Ids by the name of their set. */
  readonly #sets = new Map<string, readonly string[]>();
  /** Sets that the engine could not put on the model. */
  readonly #refused = new Map<string, AppError>();

  constructor(deps: HeldAdaptersDeps) {
    this.#deps = deps;
    this.#pager = createAdapterPager(deps);
  }

  /** Has their files here, so that nobody who is at work waits for it. Rejects with what is wrong with one of them. */
  async prepare(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const refusal = this.#refused.get(nameOf(ids));
    if (refusal) throw refusal;
    for (const id of ids) this.#sizes.set(id, (await this.#deps.obtain(id, signal)).size);
  }

  /** The next engine is loaded with them. What is let go for it stays in the present one, which is loaded anew or has it all. */
  hold(ids: readonly string[]): void {
    const name = nameOf(ids);
    const sizeBytes = ids.reduce((sum, id) => sum + (this.#sizes.get(id) ?? 0), 0);
    this.#pager.register({ name, sizeBytes });
    this.#sets.set(name, ids);
    for (const evicted of this.#pager.activateSkill(name).evicted) this.#drop(evicted);
  }

  /** What the engine is to be loaded with. One that is gone ends the loading only where it is among `needed`. */
  async files(needed: readonly string[], signal: AbortSignal): Promise<AdapterBlob[]> {
    const files = new Map<string, AdapterBlob>();
    for (const [name, ids] of this.#sets)
      try {
        for (const id of ids)
          if (!files.has(id)) files.set(id, { id, file: await this.#deps.obtain(id, signal) });
      } catch (error) {
        if (signal.aborted || ids.some((id) => needed.includes(id))) throw error;
        this.#drop(name);
      }
    return [...files.values()];
  }

  /** The engine was not loaded with them. */
  letGo(ids: readonly string[], reason: unknown): void {
    const name = nameOf(ids);
    this.#drop(name);
    if (reason instanceof AppError && TRIED_ONCE.has(reason.code)) this.#refused.set(name, reason);
  }

  /** Lets go of all others; false where there are none. */
  keepOnly(ids: readonly string[]): boolean {
    const others = [...this.#sets.keys()].filter((name) => name !== nameOf(ids));
    for (const name of others) this.#drop(name);
    return others.length > 0;
  }

  #drop(name: string): void {
    this.#sets.delete(name);
    this.#pager.forget(name);
  }
}

/** How much of each is told by every request, and asks for no loading. */
function nameOf(ids: readonly string[]): string {
  return ids.join('+');
}
