/** Owns the queue in front of an engine: never more calls inside than it has slots, first come first served. */
import { AppError } from '../errors.ts';

export interface Admission {
  /**
   * Waits for a slot; the returned function gives it back, once. Rejects with `Aborted` while waiting. `onPlace` is told
   * how many are before this one, at first and whenever that changes; never where no wait is needed.
   */
  enter(signal?: AbortSignal, onPlace?: (ahead: number) => void): Promise<() => void>;
  readonly running: number;
  readonly waiting: number;
}

/** wllama loses a request above its slots without a word, so the bound is kept here and not in the engine. */
export function createAdmission(slots: number): Admission {
  const queue: { readonly onTurn: () => void; readonly onPlace: ((ahead: number) => void) | undefined }[] =
    [];
  let running = 0;

  /** Those inside are before everybody who waits. */
  const tellPlaces = (): void => {
    for (const [at, { onPlace }] of queue.entries()) onPlace?.(at + running);
  };
  const leave = (): void => {
    running -= 1;
    queue.shift()?.onTurn();
    tellPlaces();
  };
  const admit = (): (() => void) => {
    running += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      leave();
    };
  };

  return {
    get running() {
      return running;
    },
    get waiting() {
      return queue.length;
    },
    enter: (signal, onPlace) => {
      if (signal?.aborted) return Promise.reject(abortedBeforeStart());
      if (running < slots) return Promise.resolve(admit());
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          const at = queue.findIndex((waiting) => waiting.onTurn === onTurn);
          if (at >= 0) queue.splice(at, 1);
          reject(abortedBeforeStart());
          tellPlaces();
        };
        const onTurn = (): void => {
          signal?.removeEventListener('abort', onAbort);
          resolve(admit());
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        queue.push({ onTurn, onPlace });
        onPlace?.(queue.length - 1 + running);
      });
    },
  };
}

export interface SlotOptions {
  readonly signal: AbortSignal | undefined;
  /** Of the lane: where it ended, that is the reason, and not the abort that follows from it. */
  readonly life: AbortSignal;
  readonly onPlace?: ((ahead: number) => void) | undefined;
}

/** Runs `work` in a slot, with a signal that aborts with either. */
export async function inSlot<T>(
  admission: Admission,
  { signal, life, onPlace }: SlotOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const both = signal ? AbortSignal.any([signal, life]) : life;
  try {
    const leave = await admission.enter(both, onPlace);
    try {
      return await work(both);
    } finally {
      leave();
    }
  } catch (error) {
    life.throwIfAborted();
    throw error;
  }
}

function abortedBeforeStart(): AppError {
  return new AppError('Aborted', 'The request was given up before the engine began it.');
}
