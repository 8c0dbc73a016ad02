/** Owns how many threads a loaded model gets: as it was told, as it was measured, or measured now. */
import { tellCalibration, tellThreads, type Calibration } from './calibration.ts';
import type { ModelToOpen } from './child-messages.ts';
import { calibrate, type CalibrationDeps } from './thread-calibration.ts';
import { unmeasuredThreads } from './thread-choice.ts';

export interface DecidedThreads {
  readonly threads: number;
  /** Set where they follow from a measurement. */
  readonly calibration: Calibration | undefined;
  /** For the person: how many, and why. */
  readonly words: string;
}

/** Rejects with the signal's reason only: a model that cannot be measured is tried all the same. */
export async function decideThreads(
  told: ModelToOpen['threads'],
  deps: CalibrationDeps,
): Promise<DecidedThreads> {
  if (typeof told === 'number') return { threads: told, calibration: undefined, words: tellThreads(told) };
  if (told !== 'measure') return measured(told);
  try {
    return measured(await calibrate(deps));
  } catch (error) {
    deps.signal.throwIfAborted();
    const cause = error instanceof Error ? error.message : String(error);
    const threads = unmeasuredThreads(deps.maxThreads);
    return { threads, calibration: undefined, words: `${tellThreads(threads)} (not measured: ${cause})` };
  }
}

function measured(calibration: Calibration): DecidedThreads {
  return { threads: calibration.threads, calibration, words: tellCalibration(calibration) };
}
