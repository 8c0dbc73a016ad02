/** Owns how many tokens a turn may take, and for what; all of it derives from the context's length and measured speed. */
import type { Speeds } from '../../../shared/inference/speeds.ts';

/** All in tokens. */
export interface TurnBudget {
  /** Of the whole prompt, as the engine counts them. */
  readonly prompt: number;
  /** Of it, for rules, card and form. */
  readonly system: number;
  readonly completion: number;
  /** The most one source may have. */
  readonly sourceCap: number;
}

/**
 * What a room brings along is read within this time, however long the context is. From turn to turn it is in the engine's
 * cache and costs nothing; the wait is that of the first turn, and of each time the window moves.
 */
export const TARGET_FIRST_TOKEN_MS = 20_000;
/** However slow it is, she knows what was said last. */
const LEAST_SOURCE_TOKENS = 512;

/** Speeds that nobody has measured yet bound nothing; the new line is never cut for them. */
export function budgetFor(contextTokens: number, speeds: Speeds, targetFirstTokenMs: number): TurnBudget {
  const system = clamp(Math.floor(contextTokens / 10), 128, 512);
  const completion = clamp(Math.floor(contextTokens / 4), 256, 4_000);
  const { prefillTokensPerSecond = Infinity } = speeds;
  const inTime = Math.floor((prefillTokensPerSecond * targetFirstTokenMs) / 1_000);
  const headroom = Math.max(512, contextTokens - system - completion);
  return {
    prompt: contextTokens - completion,
    system,
    completion,
    sourceCap: Math.min(Math.floor(contextTokens * 0.6), headroom, Math.max(LEAST_SOURCE_TOKENS, inTime)),
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
