/** Owns the interfaces of the engines as the relay uses them. */
import type { ChatMessage, GenerateChunk, GenerateRequest } from '../../shared/inference/generate.ts';
import type { LaneReport } from '../../shared/inference/lane.ts';
import type { AdapterFile } from './adapter-file.ts';
import type { StoredModel } from './model-folder.ts';
import type { AdapterOffer } from '../../shared/bridge/adapter-offer.ts';
import type { ModelOffer } from '../../shared/bridge/messages.ts';

/** What a page can think with through the bridge. Every call settles with a value or an AppError. */
export interface LaneEngine {
  /** Loads the model, or answers at once when it is loaded. `ModelNotFound`, `ModelNotGguf`, `ModelTruncated`, … */
  open(modelId: string, signal: AbortSignal): Promise<LaneReport>;
  generate(modelId: string, request: GenerateRequest, signal: AbortSignal): AsyncIterable<GenerateChunk>;
  countPromptTokens(modelId: string, messages: readonly ChatMessage[], signal: AbortSignal): Promise<number>;
  /** A vector of length 1. */
  embed(modelId: string, text: string, signal: AbortSignal): Promise<Float32Array>;
  /**
   * The model's memory is given back once everybody who held it has let go, which the returned function does, and nobody
   * is at work with it any more; the next call loads it again.
   */
  hold(modelId: string): () => void;
}

/** llama.cpp in a child process; its calls settle also when the child dies. */
export interface LlamaBackend extends LaneEngine {
  /** Whether the engine can run here at all; false with the cause in words. Decided once, at start. */
  availability(): { readonly available: boolean; readonly reason: string };
  dispose(): Promise<void>;
}

/** The model files the companion knows: the default or `--model` one first, then finished uploads. */
export interface ModelShelf {
  offers(): readonly ModelOffer[];
  /**
   * Absolute path of a known model's file, by what stands behind `/models/` in its address: the id, for a compiled model
   * the id and a file of it. Undefined for anything else; never built from foreign text.
   */
  pathOf(name: string): string | undefined;
  /** Offers a file that lies elsewhere, under the name that its header does not give. */
  add(model: StoredModel, fallbackName: string): ModelOffer;
  /** A one-time ticket (base64url) for one upload of exactly `sizeBytes`; lives 60 s until its PUT begins. */
  openUpload(name: string, sizeBytes: number): string;
  /**
   * Receives the bytes of a ticket, checks size and GGUF header, hashes, and puts the file on the shelf. Rejects with
   * `ModelNotGguf`, `ModelTruncated` or `StorageFailed`; a failed upload leaves no file behind.
   */
  receiveUpload(ticket: string, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<ModelOffer>;
}

/** The LoRA adapters that the companion was started with. */
export interface AdapterShelf {
  offers(): readonly AdapterOffer[];
  /** As it was at the start. Undefined for an id that is none of an offer. */
  fileOf(id: string): AdapterFile | undefined;
}
