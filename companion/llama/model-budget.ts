/** Owns how much memory of this machine one model may take, and how long its context may be. */
import type { ModelFile } from './model-file.ts';

export interface Machine {
  readonly cores: number;
  /** As the system names the processor. */
  readonly cpu: string;
  readonly memoryBytes: number;
}

export interface ModelBudget {
  readonly contextTokens: number;
  /** Resident memory above which the engine is taken for broken and ended. */
  readonly maxResidentBytes: number;
}

/** The same bound as on the lane in the tab, so that budgets agree; a CPU takes minutes to read more than this. */
const MAX_CONTEXT_TOKENS = 8_192;
const MIN_CONTEXT_TOKENS = 512;
/** A key-value cache may take this part of the memory that the model leaves. */
const CACHE_PART = 1 / 3;
const ENGINE_BYTES = 1024 * 1024 * 1024;

export function modelBudget(
  { header, sizeBytes }: ModelFile,
  machine: Pick<Machine, 'memoryBytes'>,
): ModelBudget {
  const cacheBytes = header.cacheBytesPerToken ?? 0;
  const left = Math.max(0, machine.memoryBytes - sizeBytes) * CACHE_PART;
  const fitting = cacheBytes === 0 ? MAX_CONTEXT_TOKENS : Math.floor(left / cacheBytes);
  const wanted = Math.min(header.contextTokens, MAX_CONTEXT_TOKENS);
  const contextTokens = Math.min(wanted, Math.max(fitting, MIN_CONTEXT_TOKENS));
  return {
    contextTokens,
    maxResidentBytes: 2 * (sizeBytes + contextTokens * cacheBytes) + ENGINE_BYTES,
  };
}
