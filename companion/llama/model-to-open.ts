/** Owns what the child is told of a model, and what the page is told of it once it is open. */
import type { LaneReport } from '../../shared/inference/lane.ts';
import type { ModelToOpen, OpenedModel } from './child-messages.ts';
import type { ModelFile } from './model-file.ts';

/** `own`: what does not stand in the file. */
export function modelToOpen(
  { header }: ModelFile,
  own: Pick<ModelToOpen, 'path' | 'contextTokens' | 'sequences' | 'threads' | 'adapters'>,
): ModelToOpen {
  const { architecture, bosToken, eosToken, controlTokens, chatTemplate, pooling } = header;
  return {
    ...own,
    bosToken,
    eosToken,
    controlTokens: [...controlTokens],
    pooling: { architecture, kind: pooling },
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
  };
}

/** `residentBytes` is of the whole process, once the model is loaded. */
export function reportOf(
  { header, sizeBytes }: ModelFile,
  opened: OpenedModel,
  residentBytes: number,
): LaneReport {
  const { evidence, contextTokens, threads, loadMs, isOnGpu } = opened;
  return {
    lane: 'companion',
    backend: isOnGpu ? 'gpu' : 'cpu',
    evidence,
    model: {
      name: header.name ?? `model of ${Math.round(sizeBytes / 1_000_000)} MB`,
      sizeBytes,
      starter: header.starter,
    },
    contextTokens,
    threads,
    loadMs,
    // What lies on the GPU is not in the process.
    ...(!isOnGpu && { memory: { bytes: residentBytes, of: 'process' } }),
  };
}
