/** Owns how fast a model is on this device: learned from what it does, and what follows from it. */
import * as v from 'valibot';
import type { GenerateResult } from './generate.ts';

const SpeedSchema = v.pipe(v.number(), v.finite(), v.minValue(0.001));

/** Tokens per second; a speed that was never seen is not there. */
export const SpeedsSchema = v.object({
  prefillTokensPerSecond: v.optional(SpeedSchema),
  decodeTokensPerSecond: v.optional(SpeedSchema),
});
export type Speeds = v.InferOutput<typeof SpeedsSchema>;

/** Fewer tokens than that measure the way to the engine, and not the engine. */
const LEAST_PROMPT_TOKENS = 64;
const LEAST_ANSWER_TOKENS = 8;
/** Of the newest in what is kept: a laptop on battery is another device, but not from one turn to the next. */
const NEWEST = 0.3;

/** Time that a turn may take beyond what is foreseen: three times as long, and five seconds. */
const PATIENCE = 3;
const PATIENCE_MS = 5_000;
/** A machine that is busy with something else for a moment is no dead one. */
const LEAST_DEADLINE_MS = 30_000;

/** `tellsCached`: `cachedTokens` is what the engine says; without that nobody knows how much was read. */
export function learned(known: Speeds, result: GenerateResult, tellsCached: boolean): Speeds {
  const { promptTokens, cachedTokens, completionTokens, firstTokenMs, totalMs } = result;
  const read = promptTokens - cachedTokens;
  // The first token belongs to the reading of the prompt.
  const written = completionTokens - 1;
  const prefill = !tellsCached || read < LEAST_PROMPT_TOKENS ? undefined : rate(read, firstTokenMs);
  const decode = written < LEAST_ANSWER_TOKENS ? undefined : rate(written, totalMs - firstTokenMs);
  return {
    ...known,
    ...(prefill !== undefined && { prefillTokensPerSecond: mixed(known.prefillTokensPerSecond, prefill) }),
    ...(decode !== undefined && { decodeTokensPerSecond: mixed(known.decodeTokensPerSecond, decode) }),
  };
}

/** Longest that a generation may take from its first sign of work; undefined while a speed is unknown. */
export function deadlineMs(
  { prefillTokensPerSecond, decodeTokensPerSecond }: Speeds,
  promptTokens: number,
  maxTokens: number,
): number | undefined {
  if (prefillTokensPerSecond === undefined || decodeTokensPerSecond === undefined) return undefined;
  const seconds = promptTokens / prefillTokensPerSecond + maxTokens / decodeTokensPerSecond;
  return Math.max(LEAST_DEADLINE_MS, PATIENCE * 1_000 * seconds + PATIENCE_MS);
}

function rate(tokens: number, ms: number): number | undefined {
  return ms > 0 ? (tokens * 1_000) / ms : undefined;
}

function mixed(known: number | undefined, newest: number): number {
  return known === undefined ? newest : known * (1 - NEWEST) + newest * NEWEST;
}
