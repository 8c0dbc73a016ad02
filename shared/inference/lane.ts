/** Owns the interface of a lane: an engine bound to one model. It translates; it never decides. */
import * as v from 'valibot';
import { UsedMemorySchema } from '../models/fit-learning.ts';
import type { ChatMessage, GenerateChunk, GenerateRequest } from './generate.ts';

export const LANE_IDS = ['gguf', 'mlc', 'companion', 'endpoint'] as const;
export type LaneId = (typeof LANE_IDS)[number];
/** Those that `--lane` can ask for: the others follow from the model. */
export type ForcedLane = Exclude<LaneId, 'mlc' | 'endpoint'>;

/** What a lane proved about itself after loading, not what it was asked for. */
export const LaneReportSchema = v.object({
  lane: v.picklist(LANE_IDS),
  /** Where the arithmetic really happens, as the engine's own log says. */
  backend: v.picklist(['webgpu', 'wasm', 'cpu', 'gpu', 'remote']),
  /** How the backend was proven, for the person: "offloaded 4/4 layers to WebGPU", "no shader-f16: wasm, 1 thread". */
  evidence: v.string(),
  model: v.object({
    /** As the page shows it: the file's general.name or, where it has none, the file name. */
    name: v.string(),
    /** 0 where nobody tells. */
    sizeBytes: v.number(),
    /** The small model of the first run, which knows this product and little else. */
    starter: v.boolean(),
  }),
  /** Where everything goes that this lane is asked, when that is another program than ours. */
  sentTo: v.optional(v.string()),
  contextTokens: v.pipe(v.number(), v.integer()),
  threads: v.pipe(v.number(), v.integer()),
  loadMs: v.number(),
  /** What the load really took; absent where the engine does not tell. */
  memory: v.optional(UsedMemorySchema),
});
export type LaneReport = v.InferOutput<typeof LaneReportSchema>;

export interface WarmupReport {
  readonly firstTokenMs: number;
  readonly totalMs: number;
}

/**
 * A lane that is loaded. Requests above what the engine can hold wait in the lane's own admission queue, in order.
 * Every call settles: with a value, or with an AppError (`Aborted`, `ContextOverflow`, `GrammarInvalid`,
 * `TurnDeadlineExceeded`, `LaneDied`, …). After `LaneDied` the lane is rebuilt by itself on the next call, once.
 */
export interface InferenceLane {
  readonly report: LaneReport;
  /**
   * Decodes one throwaway token; must succeed before a persona is hosted on the lane. With `messages` their beginning is
   * read beforehand: whoever asks with the same one next does not wait for it.
   */
  warmup(signal?: AbortSignal, messages?: readonly ChatMessage[]): Promise<WarmupReport>;
  /** `queued`* `progress`* `delta`* `done`. Cancelling the stream, or the signal, stops the engine within one token. */
  generate(request: GenerateRequest, signal?: AbortSignal): ReadableStream<GenerateChunk>;
  /** True count of the prompt as the engine will see it, template included. */
  countPromptTokens(messages: readonly ChatMessage[], signal?: AbortSignal): Promise<number>;
  /**
   * What one text means, as a vector of length 1; to be compared only with those of the same model. It waits its turn
   * like a generation. `EmbeddingsUnsupported` where lane or model has none, `ContextOverflow` for a text too long.
   */
  embed(text: string, signal?: AbortSignal): Promise<Float32Array>;
  dispose(): Promise<void>;
}
