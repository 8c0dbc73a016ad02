/** Owns the inference profile: which lane and model a persona thinks with, and the numbers everything else derives from. */
import type { Sampling } from './generate.ts';
import type { LaneId } from './lane.ts';

/** Bound to one persona at boot; budgets come from `contextTokens`, never from a constant. */
export interface InferenceProfile {
  readonly personaId: string;
  readonly personaName: string;
  readonly lane: LaneId;
  readonly modelName: string;
  readonly contextTokens: number;
  readonly sampling: Sampling;
  /** Tier as found on this device, and whether it is the explicit floor because nothing better was proven. */
  readonly tierId: string;
  readonly tierIsFallback: boolean;
  /** Why the plan chose this lane, in words for the person. */
  readonly laneReason: string;
}
