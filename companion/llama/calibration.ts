/** Owns what was measured of one model on one machine: the speed on each number of threads, and the number to use. */
import * as v from 'valibot';

const ThreadsSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const SpeedSchema = v.pipe(v.number(), v.finite(), v.minValue(0));
/** Of powers of two, more than any machine has. */
const MAX_TRIALS = 32;

export const CalibrationSchema = v.object({
  threads: ThreadsSchema,
  /** On that number of threads. */
  prefillTokensPerSecond: SpeedSchema,
  /** In the order of their threads. */
  trials: v.pipe(
    v.array(v.object({ threads: ThreadsSchema, decodeTokensPerSecond: SpeedSchema })),
    v.minLength(1),
    v.maxLength(MAX_TRIALS),
  ),
});
export type Calibration = v.InferOutput<typeof CalibrationSchema>;

/** For the person: "1 thread (measured: 1 → 565, 2 → 76 tokens/s)". */
export function tellCalibration({ threads, trials }: Calibration): string {
  const figures = trials.map((trial) => `${trial.threads} → ${tellSpeed(trial.decodeTokensPerSecond)}`);
  return `${tellThreads(threads)} (measured: ${figures.join(', ')} tokens/s)`;
}

export function tellThreads(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}

/** Of the number of threads that is used. */
export function decodeSpeed({ threads, trials }: Calibration): number | undefined {
  return trials.find((trial) => trial.threads === threads)?.decodeTokensPerSecond;
}

function tellSpeed(tokensPerSecond: number): string {
  return tokensPerSecond.toFixed(tokensPerSecond < 10 ? 1 : 0);
}
