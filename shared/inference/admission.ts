/** Owns the queue in front of an engine: never more calls inside than fit together, first come first served. */
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

/** Of calls that do not all fit together, as {@link Admission} otherwise. */
export interface WorkAdmission<Work> {
  enter(work: Work, signal?: AbortSignal, onPlace?: (ahead: number) => void): Promise<() => void>;
  readonly running: number;
  readonly waiting: number;
  /** To be called when more fits than before although nobody left. */
  recheck(): void;
}

interface Waiting<Work> {
  readonly work: Work;
  readonly onTurn: () => void;
  readonly onPlace: ((ahead: number) => void) | undefined;
}

/** wllama loses a request above its slots without a word, so the bound is kept here and not in the engine. */
export function createAdmission(slots: number): Admission {
  const admission = createWorkAdmission<undefined>((_, inside) => inside.length < slots);
  return {
    get running() {
      return admission.running;
    },
    get waiting() {
      return admission.waiting;
    },
    enter: (signal, onPlace) => admission.enter(undefined, signal, onPlace),
  };
}

/**
 * `fits` says whether the next one may go in beside those inside; it must say so where nobody is. Nobody goes in before
 * who waits already, or a call that fits with nobody would wait for ever.
 */
export function createWorkAdmission<Work>(
  fits: (next: Work, inside: readonly Work[]) => boolean,
): WorkAdmission<Work> {
  const queue: Waiting<Work>[] = [];
  const inside: Work[] = [];

  /** Those inside are before everybody who waits. */
  const tellPlaces = (): void => {
    for (const [at, { onPlace }] of queue.entries()) onPlace?.(at + inside.length);
  };
  const letIn = (): void => {
    for (let next = queue[0]; next && fits(next.work, inside); next = queue[0]) {
      queue.shift();
      next.onTurn();
    }
    tellPlaces();
  };
  const admit = (work: Work): (() => void) => {
    inside.push(work);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      inside.splice(inside.indexOf(work), 1);
      letIn();
    };
  };

  return {
    get running() {
      return inside.length;
    },
    get waiting() {
      return queue.length;
    },
    recheck: letIn,
    enter: (work, signal, onPlace) => {
      if (signal?.aborted) return Promise.reject(abortedBeforeStart());
      if (queue.length === 0 && fits(work, inside)) return Promise.resolve(admit(work));
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          const at = queue.findIndex((waiting) => waiting.onTurn === onTurn);
          if (at >= 0) queue.splice(at, 1);
          reject(abortedBeforeStart());
          // It may have been what the others waited for.
          letIn();
        };
        const onTurn = (): void => {
          signal?.removeEventListener('abort', onAbort);
          resolve(admit(work));
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        queue.push({ work, onTurn, onPlace });
        onPlace?.(queue.length - 1 + inside.length);
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
