/** Owns what the gguf lane says about itself: only what the engine proved. */
import type { LaneReport } from '../../../shared/inference/lane.ts';
import type { Engine } from './engine.ts';

export interface ReportFacts {
  readonly model: LaneReport['model'];
  /** Why WebGPU was not asked for: "no shader-f16"; undefined when it was. */
  readonly withoutWebgpu?: string;
  /** The file carries no chat template, and ChatML is used. */
  readonly templateMissing: boolean;
}

export function ggufReport(engine: Engine, facts: ReportFacts): LaneReport {
  const { loaded, offload, loadMs, allocatedBytes } = engine;
  const threads = `${loaded.threads} thread${loaded.threads === 1 ? '' : 's'}`;
  const where = offload
    ? `offloaded ${offload.offloadedLayers}/${offload.layers} layers to WebGPU`
    : `${facts.withoutWebgpu ?? 'the engine put no layer on WebGPU'}: wasm, ${threads}`;
  return {
    lane: 'gguf',
    backend: offload ? 'webgpu' : 'wasm',
    evidence: facts.templateMissing ? `${where}; no chat template in the file, ChatML is used` : where,
    model: facts.model,
    contextTokens: loaded.contextTokens,
    threads: loaded.threads,
    loadMs,
    ...(allocatedBytes !== undefined && { memory: { bytes: allocatedBytes, of: 'buffers' } }),
  };
}
