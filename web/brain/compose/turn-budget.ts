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
 * A room that the engine has not read yet is read within this time, however long the context is. From turn to turn it is
 * in the engine's cache and costs nothing; the wait is that of the first turn, and of each time the window moves.
 */
export const TARGET_FIRST_TOKEN_MS = 20_000;
/** Rules, card and form take about 250; with less than this there would be no room left to speak of. */
const LEAST_PROMPT_TOKENS = 768;

/** Speeds that nobody has measured yet bound nothing. */
export function budgetFor(contextTokens: number, speeds: Speeds, targetFirstTokenMs: number): TurnBudget {
  const completion = clamp(Math.floor(contextTokens / 4), 256, 4_000);
  const { prefillTokensPerSecond = Infinity } = speeds;
  const inTime = Math.floor((prefillTokensPerSecond * targetFirstTokenMs) / 1_000);
  const prompt = Math.min(contextTokens - completion, Math.max(LEAST_PROMPT_TOKENS, inTime));
  const system = clamp(Math.floor(contextTokens / 10), 128, 512);
  const headroom = Math.max(512, prompt - system);
  return { prompt, system, completion, sourceCap: Math.min(Math.floor(contextTokens * 0.6), headroom) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
