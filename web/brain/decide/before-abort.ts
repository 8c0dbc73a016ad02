/** Owns giving up a wait: a lane that does not answer must not hold a turn beyond its deadline. */

/** Settles as `promise` does, or rejects with the signal's reason as soon as that aborts. */
export async function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Whoever gives up does not hear the end any more.
  promise.catch((_unheard: unknown) => undefined);
  signal.throwIfAborted();
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
