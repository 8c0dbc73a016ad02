/** Owns waiting for "something changed": a flag that one loop waits on and anybody sets. */

export interface Latch {
  /** Wakes the waiter, or makes the next `wait` return at once. */
  set(): void;
  /** Resolves when set, and clears it. Rejects with the signal's reason. One waiter at a time. */
  wait(signal: AbortSignal): Promise<void>;
}

export function createLatch(): Latch {
  let isSet = false;
  let wake: (() => void) | undefined;
  return {
    set: () => {
      isSet = true;
      wake?.();
    },
    wait: async (signal) => {
      signal.throwIfAborted();
      if (!isSet) {
        await new Promise<void>((resolve, reject) => {
          const onAbort = (): void => {
            wake = undefined;
            reject(signal.reason as Error);
          };
          wake = () => {
            wake = undefined;
            signal.removeEventListener('abort', onAbort);
            resolve();
          };
          signal.addEventListener('abort', onAbort, { once: true });
        });
      }
      isSet = false;
    },
  };
}
