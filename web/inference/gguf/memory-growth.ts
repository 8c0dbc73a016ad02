/** Owns the estimate of how much host memory an instance has taken since it was loaded. */
import type { GenerateResult } from '../../../shared/inference/generate.ts';

/**
 * The engine keeps the KV state of past prompts in wasm memory, up to a bound above what wasm can hold, and offers no
 * switch for it: about 3 MB for every new 700-token prompt of a 24 MB model (measured 2026-11-24).
 */
export interface MemoryGrowth {
  add(result: GenerateResult): void;
  readonly bytes: number;
}

export function createMemoryGrowth(cacheBytesPerToken: number): MemoryGrowth {
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    add: ({ promptTokens, cachedTokens, completionTokens }) => {
      bytes += cacheBytesPerToken * (promptTokens - cachedTokens + completionTokens);
    },
  };
}
