/** Owns the few calls of wllama that this product uses, so that everything above can be tried without wasm. */
import type { Pooling } from '../../../shared/inference/gguf-header.ts';
import { Wllama } from '@wllama/wllama/esm/index.js';
import wasmUrl from '@wllama/wllama/esm/wasm/wllama.wasm?url';
import type { EngineLog } from './engine-log.ts';

/** One streamed piece of a raw completion, as far as it is read here. Token counts are the engine's own. */
export interface RawChunk {
  readonly choices: readonly { readonly text: string; readonly finish_reason: string | null }[];
  readonly usage?: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly prompt_tokens_details?: { readonly cached_tokens: number };
  } | null;
  readonly prompt_progress?: { readonly total: number; readonly processed: number };
}

/** llama.cpp's server parameters of one raw completion. */
export interface RawCompletion {
  readonly prompt: string;
  readonly max_tokens: number;
  readonly temperature: number;
  readonly top_k: number;
  readonly top_p: number;
  readonly min_p: number;
  readonly repeat_penalty: number;
  readonly seed?: number;
  readonly grammar?: string;
  readonly stop?: string[];
  /** How much of each loaded adapter, by its place in {@link RawLoadSettings.adapters}. One left out is at 0. */
  readonly lora?: readonly LoraScale[];
  /** False: of what was read before nothing is used again. */
  readonly cache_prompt?: boolean;
}

export interface LoraScale {
  readonly id: number;
  readonly scale: number;
}

export interface RawLoadSettings {
  readonly contextTokens: number;
  readonly batchTokens: number;
  readonly threads: number;
  /** All layers or none. */
  readonly webgpu: boolean;
  /** For an instance that embeds. */
  readonly pooling?: Pooling;
  /** Loaded with the model; at 0 unless a completion says otherwise. */
  readonly adapters?: readonly AdapterBlob[];
}

export interface AdapterBlob {
  /** Of a request: the SHA-256 of the file. */
  readonly id: string;
  readonly file: Blob;
}

export interface RawLoaded {
  /** wllama resolves `loadModel` for a model that did not load; only this tells. */
  readonly success: boolean;
  readonly contextTokens: number;
  readonly threads: number;
  /** The engine puts the BOS token before every prompt by itself. */
  readonly addsBos: boolean;
}

export interface RawEngine {
  /** May never settle: a refused wasm or blob worker gives no error. */
  load(file: Blob, settings: RawLoadSettings): Promise<RawLoaded>;
  /** May never settle when the instance is exited meanwhile. One at a time. */
  complete(request: RawCompletion, onChunk: (chunk: RawChunk) => void, signal: AbortSignal): Promise<void>;
  /**
   * The pooled states of one text, on an instance that was loaded with a pooling. May never settle, as `complete`. An
   * empty text is answered as by an instance that is broken.
   */
  embed(text: string, signal: AbortSignal): Promise<readonly number[]>;
  /** Ends the engine's workers at once; calls in flight then never settle. */
  exit(): Promise<void>;
}

export function createWllamaEngine(log: EngineLog): RawEngine {
  const wllama = new Wllama({ default: wasmUrl }, { logger: log.logger });
  // Otherwise a browser without JSPI gets code from a CDN; such a browser is refused before this.
  wllama.setCompat(null);
  return {
    load: async (file, { contextTokens, batchTokens, threads, webgpu, pooling, adapters = [] }) => {
      const blobs = [file, ...adapters.map((adapter) => adapter.file)];
      await wllama.loadModel(blobs.map(unnamed), {
        n_ctx: contextTokens,
        n_batch: batchTokens,
        n_ubatch: batchTokens,
        n_threads: threads,
        n_gpu_layers: webgpu ? 99_999 : 0,
        n_parallel: 1,
        // Flipping it changes greedy text on quantised models; off on every lane, so that they agree.
        flash_attn: false,
        ctx_shift: false,
        warmup: false,
        ...(pooling && { embeddings: true, pooling_type: pooling }),
        ...(adapters.length > 0 && {
          lora_adapters: adapters.map((_, at) => ({ path: pathInEngine(at + 1, blobs.length), scale: 0 })),
          // What was read with one adapter would be kept for another.
          cache_idle_slots: false,
          kv_unified: false,
        }),
      });
      // `success` is in the answer, but not in its type.
      const info = wllama.getLoadedContextInfo() as ReturnType<Wllama['getLoadedContextInfo']> & {
        success?: boolean;
      };
      return {
        success: info.success === true,
        contextTokens: info.n_ctx,
        threads: wllama.getNumThreads(),
        addsBos: wllama.mustAddBosToken(),
      };
    },
    complete: (request, onChunk, signal) =>
      // `onData`, not the iterator: breaking out of wllama's iterator does not free its slot.
      wllama.createCompletion({
        ...request,
        stream: true,
        return_progress: true,
        abortSignal: signal,
        onData: onChunk,
      }),
    embed: async (text, signal) => {
      // The signal is taken, but not in its type. Of several inputs only the first would be answered.
      const options = { input: text, abortSignal: signal };
      const { data } = await wllama.createEmbedding(options);
      const embedding = data[0]?.embedding;
      if (!Array.isArray(embedding)) throw new Error('the engine gave no vector');
      return embedding;
    },
    exit: () => wllama.exit(),
  };
}

/** Named files are sorted by what looks like a shard's number in their names. */
function unnamed(blob: Blob): Blob {
  return blob.slice();
}

/** What wllama calls the blobs that it is given, in their order. */
function pathInEngine(at: number, of: number): string {
  const digits = (number: number): string => String(number).padStart(5, '0');
  return `models/model-${digits(at + 1)}-of-${digits(of)}.gguf`;
}

/** Address of the engine's code, for a look whether it can be had before a load that would hang without it. */
export const ENGINE_WASM_URL = wasmUrl;
