/** Owns how much of this machine one model may take: threads, context, memory. */
import type { ModelFile } from './model-file.ts';

export interface Machine {
  readonly cores: number;
  readonly memoryBytes: number;
}

export interface ModelBudget {
  readonly threads: number;
  readonly contextTokens: number;
  /** Resident memory above which the engine is taken for broken and ended. */
  readonly maxResidentBytes: number;
}

/**
 * Threads wait for each other after every layer: on two shared cores a model of 24 MB gave 565 tokens/s on one thread
 * and 76 on two (2026-11-24). Above this size the arithmetic weighs more than the waiting.
 */
const ONE_THREAD_BELOW_BYTES = 64 * 1024 * 1024;
/** The same bound as on the lane in the tab, so that budgets agree; a CPU takes minutes to read more than this. */
const MAX_CONTEXT_TOKENS = 8_192;
const MIN_CONTEXT_TOKENS = 512;
/** A key-value cache may take this part of the memory that the model leaves. */
const CACHE_PART = 1 / 3;
const ENGINE_BYTES = 1024 * 1024 * 1024;

/** One core is left to the rest of the companion and to the browser. */
export function maxThreads({ cores }: Machine): number {
  return Math.max(1, cores - 1);
}

export function modelBudget({ header, sizeBytes }: ModelFile, machine: Machine): ModelBudget {
  const cacheBytes = header.cacheBytesPerToken ?? 0;
  const left = Math.max(0, machine.memoryBytes - sizeBytes) * CACHE_PART;
  const fitting = cacheBytes === 0 ? MAX_CONTEXT_TOKENS : Math.floor(left / cacheBytes);
  const wanted = Math.min(header.contextTokens, MAX_CONTEXT_TOKENS);
  const contextTokens = Math.min(wanted, Math.max(fitting, MIN_CONTEXT_TOKENS));
  return {
    threads: header.tensorBytes < ONE_THREAD_BELOW_BYTES ? 1 : maxThreads(machine),
    contextTokens,
    maxResidentBytes: 2 * (sizeBytes + contextTokens * cacheBytes) + ENGINE_BYTES,
  };
}
