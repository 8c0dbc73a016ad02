/** Owns which calls may be in the engine at once. */

/** What a call does to those beside it. */
export interface Work {
  /** Undefined where it can only be of the one that is open. */
  readonly modelId?: string;
  /** It changes what the others work with. */
  readonly alone: boolean;
}

/** `places`: how many the model takes at once; of one that is not open it is one, which opens it. */
export function fitsBeside(next: Work, inside: readonly Work[], places: number): boolean {
  if (inside.length === 0) return true;
  return (
    !next.alone &&
    inside.every(({ modelId, alone }) => modelId === next.modelId && !alone) &&
    inside.length < places
  );
}
