/** Owns how long to wait before the next dial. */
import type { RandomSource } from '../../../shared/random.ts';

/**
 * A refused connection to this very machine costs nothing, and a companion that was restarted should be found within
 * half a second: so the steps stay short for about a minute and grow only then.
 */
const STEPS_MS = [50, 100, 200, 250];
const LONG_AFTER_TRIES = 240;
const LONG_STEP_MS = 2_000;

/** `failures` is at least 1. The result varies by a quarter, so that several tabs do not dial in step. */
export function reconnectDelayMs(failures: number, random: RandomSource): number {
  const step =
    failures > LONG_AFTER_TRIES
      ? LONG_STEP_MS
      : (STEPS_MS[Math.min(failures, STEPS_MS.length) - 1] ?? LONG_STEP_MS);
  const jitter = (random.bytes(1)[0] ?? 0) / 255;
  return Math.round(step * (0.75 + 0.5 * jitter));
}
