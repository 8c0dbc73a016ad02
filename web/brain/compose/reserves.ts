/** Owns what of a context is kept free before any source gets its share; all of it derives from the context's length. */

/** All in tokens. */
export interface Reserves {
  /** For rules, card and form. */
  readonly system: number;
  readonly completion: number;
  /** The most one source may have. */
  readonly sourceCap: number;
}

export function reservesOf(contextTokens: number): Reserves {
  const system = clamp(Math.floor(contextTokens / 10), 128, 512);
  const completion = clamp(Math.floor(contextTokens / 4), 256, 4_000);
  const headroom = Math.max(512, contextTokens - system - completion);
  return { system, completion, sourceCap: Math.min(Math.floor(contextTokens * 0.6), headroom) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
