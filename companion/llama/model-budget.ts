/** Owns how much memory of this machine one model may take: how long its context may be, and how many are kept. */
import { requireAddressable } from '../../shared/models/fit.ts';
import { contextWithin, fitInCompanion, sequencesWithin } from '../../shared/models/fit-places.ts';
import { needsOf } from '../../shared/models/model-needs.ts';
import type { Machine } from './machine.ts';
import type { ModelFile } from './model-file.ts';

export interface ModelBudget {
  readonly contextTokens: number;
  /** Conversations that are kept evaluated, each with a context of that length. */
  readonly sequences: number;
  /** Resident memory with its contexts full. */
  readonly estimatedBytes: number;
  /** Resident memory above which the engine is taken for broken and ended. */
  readonly maxResidentBytes: number;
}

const ENGINE_BYTES = 1024 * 1024 * 1024;

/** Throws `ModelTooLarge` for a model of which the memory of this machine does not even hold the weights. */
export function modelBudget(
  { header, sizeBytes }: ModelFile,
  { memoryBytes }: Pick<Machine, 'memoryBytes'>,
): ModelBudget {
  const model = { sizeBytes, needs: needsOf(header) };
  const fit = fitInCompanion(model, memoryBytes);
  requireAddressable(header.name ?? 'This model', fit);
  const contextTokens = contextWithin(model, memoryBytes);
  const sequences = sequencesWithin(model, memoryBytes);
  const cachesBytes = sequences * contextTokens * (header.cacheBytesPerToken ?? 0);
  return {
    contextTokens,
    sequences,
    estimatedBytes: fit.neededBytes,
    maxResidentBytes: 2 * (sizeBytes + cachesBytes) + ENGINE_BYTES,
  };
}
