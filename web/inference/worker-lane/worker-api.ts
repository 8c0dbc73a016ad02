/**
 * Owns what crosses between node worker and inference worker. Comlink loses the code of a thrown error, so failures
 * are values; streams are transferred, and cancelling one aborts the generation.
 */
import type { ModelOffer } from '../../../shared/bridge/messages.ts';
import type { WireError } from '../../../shared/errors.ts';
import type { ChatMessage, GenerateChunk, GenerateRequest } from '../../../shared/inference/generate.ts';
import type { LaneReport, WarmupReport } from '../../../shared/inference/lane.ts';
import type { FileSource, RememberedModel } from '../models/model-source.ts';
import type { OnLaneProgress } from '../progress.ts';
import type { Answer } from '../worker-seam.ts';

/** A stream ends with `error` instead of being errored itself: a transferred stream loses the error's code. */
export type WireChunk = GenerateChunk | { readonly kind: 'error'; readonly error: WireError };

/** Which engine the worker shall load, and with what. */
export type WorkerOpenOptions = GgufOpenOptions | MlcOpenOptions;

export interface GgufOpenOptions {
  readonly engine: 'gguf';
  readonly source: FileSource;
  /** Undefined asks for WebGPU; otherwise why not: "no shader-f16". */
  readonly withoutWebgpu?: string;
  readonly threads: number;
}

export type MlcOpenOptions =
  /** A folder of the companion. */
  | { readonly engine: 'mlc'; readonly offer: ModelOffer }
  /** A bundle of this browser. */
  | { readonly engine: 'mlc'; readonly stored: RememberedModel };

export interface OpenedModel {
  readonly report: LaneReport;
  readonly model: RememberedModel;
}

/** `call` is chosen by the caller and unique per worker; `abort` names it. One model per worker. */
export interface InferenceWorkerApi {
  /**
   * Takes this Web Lock and keeps it as long as the worker lives: whoever waits for the lock learns of its death, of
   * which a dedicated worker otherwise gives no sign. Resolves when it is held.
   */
  hold(lock: string): Promise<void>;
  open(call: number, options: WorkerOpenOptions, onProgress: OnLaneProgress): Promise<Answer<OpenedModel>>;
  warmup(call: number, messages?: readonly ChatMessage[]): Promise<Answer<WarmupReport>>;
  generate(request: GenerateRequest): ReadableStream<WireChunk>;
  countPromptTokens(call: number, messages: readonly ChatMessage[]): Promise<Answer<number>>;
  embed(call: number, text: string): Promise<Answer<Float32Array>>;
  abort(call: number): void;
}
