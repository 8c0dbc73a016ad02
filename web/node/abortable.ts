/** Owns ending a wait by a signal. */
import type { Topic } from './topic.ts';

/** The promise, or the signal's reason as soon as it aborts; the promise itself goes on. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}

/** Rejects with the signal's reason as soon as it aborts; never resolves. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return abortable(new Promise<never>(() => undefined), signal);
}

/** The first value of the topic that `pick` makes something of. Rejects with the signal's reason. */
export function nextOf<T, R>(
  topic: Topic<T>,
  pick: (value: T) => R | undefined,
  signal: AbortSignal,
): Promise<R> {
  let unsubscribe: () => void = () => undefined;
  const picked = new Promise<R>((resolve) => {
    unsubscribe = topic.subscribe((value) => {
      const result = pick(value);
      if (result !== undefined) resolve(result);
    });
  });
  return abortable(picked, signal).finally(() => {
    unsubscribe();
  });
}
