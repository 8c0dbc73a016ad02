/** Owns doing several things at once that are worth nothing without each other. */
import { AppError, toAppError } from '../../../shared/errors.ts';

/**
 * `work` runs for every item, for `atOnce` of them at a time, in order; the first failure stops the others. Rejects with
 * it, or with `Aborted` when `signal` was aborted.
 */
export async function inParallel<T>(
  atOnce: number,
  items: readonly T[],
  work: (item: T, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController();
  const within = AbortSignal.any([signal, failed.signal]);
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      within.throwIfAborted();
      await work(item, within);
    }
  };
  let cause: unknown;
  await Promise.all(
    Array.from({ length: Math.min(atOnce, items.length) }, () =>
      worker().catch((error: unknown) => {
        // What the others then end with is only that this one failed.
        if (!failed.signal.aborted) cause = error;
        failed.abort();
      }),
    ),
  );
  if (signal.aborted) throw new AppError('Aborted', 'The download was paused.', { cause: signal.reason });
  if (cause !== undefined) throw toAppError(cause, 'StorageFailed');
}
