/** Owns the interface from a profile to a loaded lane: the one seam where local, companion and later lanes differ. */
import type { InferenceLane, LaneId } from '../../../shared/inference/lane.ts';
import type { InferenceProfile } from '../../../shared/inference/profile.ts';

/** What the plan chose for this device, and why. */
export interface LaneChoice {
  readonly lane: LaneId;
  readonly reason: string;
}

/** Model and context length come from the loaded lane: what it holds, not what was asked for. */
export type PlannedProfile = Omit<InferenceProfile, 'contextTokens' | 'modelName'>;

export interface AdapterFactory {
  /** Rejects with `NoLane` when nothing can serve. */
  choose(): Promise<LaneChoice>;
  /** The loaded lane; personas with one model share it. Rejects with `LaneStartFailed`, `ModelNotGguf`, … */
  build(profile: PlannedProfile): Promise<InferenceLane>;
}
