/** Owns how long the engine may take for what. */
import type { Deadline } from './deadline.ts';

/** Of one generation: {@link Deadline}. */
export interface LlamaLimits extends Deadline {
  /** Until the engine has loaded its binary. */
  readonly startMs: number;
  /** Loading one model. */
  readonly openMs: number;
}

export const DEFAULT_LIMITS: LlamaLimits = {
  startMs: 30_000,
  openMs: 300_000,
  // A slice of the prompt takes tens of seconds where a large model has to come from a slow disk first.
  stallMs: 120_000,
  totalMs: 600_000,
};
