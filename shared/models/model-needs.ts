/** Owns what the header of a model tells about the memory it will take, as it crosses the bridge. */
import * as v from 'valibot';
import type { GgufHeader } from '../inference/gguf-header.ts';

const CountSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

export const ModelNeedsSchema = v.object({
  /** What it was trained for. */
  contextTokens: CountSchema,
  /** Of an f16 key-value cache; absent where the header does not say enough. */
  cacheBytesPerToken: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER))),
  headCount: v.optional(CountSchema),
  largestTensorBytes: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER))),
});
export type ModelNeeds = v.InferOutput<typeof ModelNeedsSchema>;

export function needsOf(header: GgufHeader): ModelNeeds {
  const { contextTokens, cacheBytesPerToken, headCount, largestTensorBytes } = header;
  return {
    contextTokens,
    largestTensorBytes,
    ...(cacheBytesPerToken === undefined ? {} : { cacheBytesPerToken }),
    // Some files say 0 in place of nothing.
    ...(headCount ? { headCount } : {}),
  };
}
