/** Owns giving up on work that shows no sign of life, or never ends. */
import type { Clock } from '../../shared/clock.ts';
import type { AppError } from '../../shared/errors.ts';

export interface Deadline {
  /** Between two signs of life. */
  readonly stallMs: number;
  readonly totalMs: number;
}

/**
 * The outcome of `work`, or a rejection with what `expire` makes when one of the two times is over; `expire` has to
 * end the work. `work` calls `alive` for every sign of life.
 */
export async function withDeadline<T>(
  clock: Clock,
  { stallMs, totalMs }: Deadline,
  expire: () => AppError,
  work: (alive: () => void) => Promise<T>,
): Promise<T> {
  let giveUp: (error: AppError) => void = () => undefined;
  const expired = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const onTime = (): void => {
    giveUp(expire());
  };
  const cancelTotal = clock.after(totalMs, onTime);
  let cancelStall = clock.after(stallMs, onTime);
  const alive = (): void => {
    cancelStall();
    cancelStall = clock.after(stallMs, onTime);
  };
  try {
    return await Promise.race([work(alive), expired]);
  } finally {
    cancelStall();
    cancelTotal();
  }
}
