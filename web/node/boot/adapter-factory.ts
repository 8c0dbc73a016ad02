/** Owns the interface from a profile to a loaded lane: the one seam where local, companion and later lanes differ. */
import type { AppError } from '../../../shared/errors.ts';
import type { InferenceLane, LaneId } from '../../../shared/inference/lane.ts';
import type { Speeds } from '../../../shared/inference/speeds.ts';
import type { InferenceProfile } from '../../../shared/inference/profile.ts';

/** What the plan chose for this device, and why. */
export interface LaneChoice {
  readonly lane: LaneId;
  readonly reason: string;
}

/** What is known before the lane is loaded; the rest is what it holds and shows then, not what was asked for. */
export type PlannedProfile = Omit<
  InferenceProfile,
  'contextTokens' | 'modelName' | 'isStarter' | 'sampling' | 'speeds' | 'warmup'
>;

/** What to do after the GPU went away under a turn. */
export type DeviceLossRemedy =
  /** The lane is born again by itself: think once more. */
  | { readonly kind: 'again' }
  /** Everybody moves to what `build` gives after `close`. */
  | { readonly kind: 'move'; readonly told: AppError }
  /** Nobody thinks until the person does something. */
  | { readonly kind: 'stop'; readonly told: AppError };

export interface AdapterFactory {
  /** Rejects with `NoLane` when nothing can serve. */
  choose(): Promise<LaneChoice>;
  /** The loaded lane as this persona sees it; personas with one model share it. Rejects with `LaneStartFailed`, `ModelNotGguf`, … */
  build(profile: PlannedProfile): Promise<InferenceLane>;
  /** What is known of the speed of the loaded lane on this device. */
  speeds(): Speeds;
  /** Counts the loss. */
  onDeviceLost(): DeviceLossRemedy;
  /** Ends the lane in use. */
  close(): Promise<void>;
  /** The same, and nothing is to be loaded before `build` is called again. */
  rest(): Promise<void>;
}
