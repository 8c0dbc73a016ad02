/** Owns what the companion knows of the model that its child has open: how much it may take, and how long a call of it. */
import type { LaneReport } from '../../shared/inference/lane.ts';
import type { Logger } from '../../shared/log.ts';
import type { AdaptersOfModel } from './adapters-of-model.ts';
import { decodeSpeed } from './calibration.ts';
import type { AdapterToLoad, OpenedModel } from './child-messages.ts';
import type { Deadline } from './deadline.ts';
import type { LlamaChild } from './llama-child.ts';
import type { ModelBudget } from './model-budget.ts';

export interface OpenModel {
  readonly modelId: string;
  readonly child: LlamaChild;
  readonly report: LaneReport;
  readonly adapters: AdaptersOfModel;
  /** Calls that the child takes at once. */
  readonly sequences: number;
  /** Resident memory of the child without any adapter, and the cache of one more context. */
  readonly maxResidentBytes: number;
  readonly cacheBytes: number;
  /** For the contexts with adapters on the model. */
  readonly adapterBudgetBytes: number;
}

/** One set is put on the model whatever the budget says. */
export function allowAdapters(open: OpenModel, adapters: readonly AdapterToLoad[]): void {
  if (adapters.length === 0) return;
  const { child, maxResidentBytes, cacheBytes, adapterBudgetBytes } = open;
  const setBytes = adapters.reduce((sum, { sizeBytes }) => sum + sizeBytes, cacheBytes);
  const allowed = maxResidentBytes + 2 * Math.max(setBytes, adapterBudgetBytes);
  child.maxResidentBytes = Math.max(child.maxResidentBytes, allowed);
}

/** Who works beside others has a part of the machine only, and they would end with it. */
export function sharedDeadline({ sequences }: OpenModel, { stallMs, totalMs }: Deadline): Deadline {
  return { stallMs, totalMs: totalMs * sequences };
}

/** What was foreseen beside what it took. */
export function logOpened(
  log: Logger,
  { evidence, contextTokens, sequences, threads, loadMs, calibration }: OpenedModel,
  { estimatedBytes }: ModelBudget,
  residentBytes: number,
): void {
  log.log('info', 'llama_model_open', {
    evidence,
    contextTokens,
    sequences,
    estimatedBytes,
    residentBytes,
    threads,
    loadMs,
    decodeTokensPerSecond: calibration && decodeSpeed(calibration),
    prefillTokensPerSecond: calibration?.prefillTokensPerSecond,
  });
}
