/** Owns the inference profile: which lane and model a persona thinks with, and the numbers everything else derives from. */
import type { Sampling } from './generate.ts';
import type { LaneId, WarmupReport } from './lane.ts';
import type { Speeds } from './speeds.ts';

/**
 * The starter is greedy: its scores were taken so, and a penalty on what stands in the prompt works against copying names
 * from it.
 */
export function samplingFor(isStarter: boolean): Sampling {
  return isStarter ? { temperature: 0 } : { temperature: 0.6, topK: 40, topP: 0.95, repeatPenalty: 1.1 };
}

/** Bound to one persona at boot; budgets come from `contextTokens`, never from a constant. */
export interface InferenceProfile {
  readonly personaId: string;
  readonly personaName: string;
  readonly lane: LaneId;
  readonly modelName: string;
  /** The small model of the first run: it knows prompt form 1 and this product, and little else. */
  readonly isStarter: boolean;
  readonly contextTokens: number;
  readonly sampling: Sampling;
  /** As they were known when she was hosted. */
  readonly speeds: Speeds;
  /** How fast the loaded lane was with a short prompt, before anybody was hosted on it. */
  readonly warmup: WarmupReport;
  /** Tier as found on this device, and whether it is the explicit floor because nothing better was proven. */
  readonly tierId: string;
  readonly tierIsFallback: boolean;
  /** Why the plan chose this lane, in words for the person. */
  readonly laneReason: string;
}
