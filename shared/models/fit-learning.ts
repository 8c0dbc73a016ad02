/**
 * Owns what loads on a device taught of the estimates that were made for it. Whatever a model file says of itself, it moves
 * the next estimate within bounds only.
 */
import * as v from 'valibot';

/** A model that took less than its estimate may yet take more: its context was not full. */
export const LEAST_RATIO = 0.8;
export const MOST_RATIO = 2;
/** What is older says little of today's engine and driver. */
const NEWEST = 5;
/** Of a smaller one the engine takes most, and that is none of the model's. */
const LEAST_MODEL_BYTES = 256 * 1024 * 1024;

export const LearnedSchema = v.object({
  /** Of what was really taken to what was estimated, newest last. */
  ratios: v.pipe(
    v.array(v.pipe(v.number(), v.minValue(LEAST_RATIO), v.maxValue(MOST_RATIO))),
    v.maxLength(NEWEST),
  ),
  /** The smallest estimate of a model for which there was no memory. */
  failedBytes: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(LEAST_MODEL_BYTES))),
});
export type Learned = v.InferOutput<typeof LearnedSchema>;

/** The parts of an estimate, before anything that was learned. */
export interface Estimate {
  /** Weights and the cache of a full context. */
  readonly modelBytes: number;
  readonly engineBytes: number;
  /** Of a batch against a full context. */
  readonly scoreBytes: number;
}

/** What a lane says of a load: the engine's buffers, scores among them, or its process, which has not used these yet. */
export const UsedMemorySchema = v.object({
  bytes: v.pipe(v.number(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER)),
  of: v.picklist(['buffers', 'process']),
});
export type UsedMemory = v.InferOutput<typeof UsedMemorySchema>;

/** The same where a load has nothing to teach. */
export function withLoad(learned: Learned, estimate: Estimate, used: UsedMemory): Learned {
  if (estimate.modelBytes < LEAST_MODEL_BYTES) return learned;
  const { modelBytes, engineBytes, scoreBytes } = estimate;
  const expected = modelBytes + (used.of === 'process' ? engineBytes : scoreBytes);
  const ratio = Math.min(MOST_RATIO, Math.max(LEAST_RATIO, used.bytes / expected));
  const { failedBytes = Infinity } = learned;
  return {
    ratios: [...learned.ratios, ratio].slice(-NEWEST),
    // What could not be had then can be had now: something else had the memory.
    ...(failedBytes > bytesOf(estimate) && Number.isFinite(failedBytes) && { failedBytes }),
  };
}

/** There was no memory for it. */
export function withFailure(learned: Learned, estimate: Estimate): Learned {
  if (estimate.modelBytes < LEAST_MODEL_BYTES) return learned;
  const failedBytes = Math.min(learned.failedBytes ?? Infinity, Math.ceil(bytesOf(estimate)));
  return Number.isSafeInteger(failedBytes) ? { ...learned, failedBytes } : learned;
}

export function bytesOf({ modelBytes, engineBytes, scoreBytes }: Estimate): number {
  return modelBytes + engineBytes + scoreBytes;
}

/** The middle one, which a single odd model does not move far; undefined while nothing was measured. */
export function ratioOf({ ratios }: Learned): number | undefined {
  const sorted = ratios.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}
