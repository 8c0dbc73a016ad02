/** Owns which tokens stand in the engine's cache, and how many of them the next prompt leaves there. */

export interface KeptPrefix {
  /**
   * How many of `tokens`, from the first one on, need not be read again. At least one is left: what the engine says next
   * comes out of reading the last one. Until `confirm` nothing counts as read, for the reading may fail half-way.
   */
  take(tokens: readonly number[]): number;
  /** What was taken last stands in the cache. */
  confirm(): void;
  /** Nobody knows what stands in the cache. */
  forget(): void;
}

export function createKeptPrefix(): KeptPrefix {
  let read: readonly number[] = [];
  let taken: readonly number[] = [];
  return {
    take: (tokens) => {
      const most = Math.min(read.length, tokens.length - 1);
      let kept = 0;
      while (kept < most && read[kept] === tokens[kept]) kept += 1;
      read = [];
      taken = tokens;
      return Math.max(0, kept);
    },
    confirm: () => {
      read = taken;
    },
    forget: () => {
      read = [];
      taken = [];
    },
  };
}
