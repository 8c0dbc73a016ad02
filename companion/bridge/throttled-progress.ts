/** Owns telling progress a few times a second, however often it is made. */
import type { Clock } from '../../shared/clock.ts';

const EVERY_MS = 250;

/** The first and the last are always told. */
export function throttledProgress(
  clock: Clock,
  tell: (done: number, total: number) => void,
): (done: number, total: number) => void {
  let toldMs = -Infinity;
  return (done, total) => {
    const nowMs = clock.monotonicMs();
    if (done < total && nowMs - toldMs < EVERY_MS) return;
    toldMs = nowMs;
    tell(done, total);
  };
}
