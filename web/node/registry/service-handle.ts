/** Owns a running service loop as something that can be stopped and waited for. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError } from '../../../shared/errors.ts';
import type { ServeOutcome } from '../serve/serve-outcome.ts';

export type ServiceEnd =
  | { readonly kind: 'outcome'; readonly outcome: ServeOutcome }
  /** The loop broke: it is never silently dead. */
  | { readonly kind: 'failed'; readonly error: AppError };

export interface ServiceHandle {
  /** Counters while it runs. */
  readonly outcome: ServeOutcome;
  readonly finished: boolean;
  /** Always resolves. */
  readonly ended: Promise<ServiceEnd>;
  abort(): void;
}

/** Starts `loop`; its failure is a value. */
export function startService(
  outcome: ServeOutcome,
  loop: (signal: AbortSignal) => Promise<ServeOutcome>,
): ServiceHandle {
  const controller = new AbortController();
  let finished = false;
  const ended = loop(controller.signal)
    .then(
      (final): ServiceEnd => ({ kind: 'outcome', outcome: final }),
      (error: unknown): ServiceEnd => ({ kind: 'failed', error: toAppError(error) }),
    )
    .finally(() => {
      finished = true;
    });
  return {
    outcome,
    get finished() {
      return finished;
    },
    ended,
    abort: () => {
      controller.abort(new AppError('Aborted', 'The service loop was stopped.'));
    },
  };
}

/** A turn ends within one token of its abort; what takes longer is reported, not waited for. */
export const DRAIN_WITHIN_MS = 5_000;

/** Stops the loop and waits for it. False when it did not end in time. */
export async function drain(handle: ServiceHandle, clock: Clock): Promise<boolean> {
  handle.abort();
  const timer = new AbortController();
  try {
    return await Promise.race([
      handle.ended.then(() => true),
      clock.sleep(DRAIN_WITHIN_MS, timer.signal).then(() => false),
    ]);
  } finally {
    timer.abort(new AppError('Aborted', 'No timer is needed any more.'));
  }
}
