/** Owns how opening a lane tells how far it is. */

/** `total` is 0 while unknown. `what` is for the person: "Downloading tiny.gguf". */
export interface LaneProgress {
  readonly what: string;
  readonly done: number;
  readonly total: number;
  readonly unit: 'steps' | 'bytes' | 'tokens';
}

export type OnLaneProgress = (progress: LaneProgress) => void;
