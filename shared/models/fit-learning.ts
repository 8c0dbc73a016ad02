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
  /** The last load of each model, newest last. */
  loads: v.pipe(
    v.array(
      v.object({
        /** SHA-256: under another name it is the same model. */
        model: v.pipe(v.string(), v.maxLength(64)),
        /** Of what was really taken to what was estimated. */
        ratio: v.pipe(v.number(), v.minValue(LEAST_RATIO), v.maxValue(MOST_RATIO)),
      }),
    ),
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

export interface Load {
  /** SHA-256. */
  readonly model: string;
  readonly estimate: Estimate;
  /** Undefined where its lane does not tell, or its estimate was a guess, which is not to be learned. */
  readonly used?: UsedMemory | undefined;
}

/** The same where a load has nothing to teach. A model that is loaded again says no more than it did. */
export function withLoad(learned: Learned, { model, estimate, used }: Load): Learned {
  if (estimate.modelBytes < LEAST_MODEL_BYTES) return learned;
  const { failedBytes } = learned;
  // What could not be had then can be had now: something else had the memory.
  const isForgotten = failedBytes !== undefined && failedBytes <= bytesOf(estimate);
  if (!used && !isForgotten) return learned;
  const others = learned.loads.filter((load) => load.model !== model);
  return {
    loads: used ? [...others, { model, ratio: ratioTaken(estimate, used) }].slice(-NEWEST) : learned.loads,
    ...(failedBytes !== undefined && !isForgotten && { failedBytes }),
  };
}

function ratioTaken({ modelBytes, engineBytes, scoreBytes }: Estimate, used: UsedMemory): number {
  const expected = modelBytes + (used.of === 'process' ? engineBytes : scoreBytes);
  return Math.min(MOST_RATIO, Math.max(LEAST_RATIO, used.bytes / expected));
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

/** The middle of them, which a single odd model does not move far; undefined while nothing was measured. */
export function ratioOf({ loads }: Learned): number | undefined {
  const sorted = loads.map(({ ratio }) => ratio).toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}
