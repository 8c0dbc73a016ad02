/** Owns what each place where a model can run takes beside the weights, and what it can give. */
import { estimateFit, type DeviceLimits, type Fit } from './fit.ts';
import type { Learned } from './fit-learning.ts';
import type { ModelNeeds } from './model-needs.ts';

/** A model as far as it is known before it is loaded. */
export interface ModelToFit {
  readonly sizeBytes: number;
  /** Absent where nobody has read its header yet. */
  readonly needs?: ModelNeeds | undefined;
}

/** What a browser tells of itself. */
export interface TabMemory {
  /** `navigator.deviceMemory`: a rounded power of two, and never more than a bound of the browser. */
  readonly memoryBytes?: number | undefined;
  /** The smaller of the adapter's `maxBufferSize` and `maxStorageBufferBindingSize`. */
  readonly maxBufferBytes?: number | undefined;
}

/** Every lane that holds a cache here caps at it, so that budgets agree; a CPU takes minutes to read more than this. */
export const MAX_CONTEXT_TOKENS = 8_192;
/** An abort is seen between two batches only: one batch must not take long on a slow machine. */
export const TAB_BATCH_TOKENS = { wasm: 128, webgpu: 256 };
/** What node-llama-cpp takes by itself. */
const COMPANION_BATCH_TOKENS = 512;
const MIN_CONTEXT_TOKENS = 512;
/** More rooms than one machine talks in at a time; on a CPU more answers at once make each of them only slower. */
const MAX_SEQUENCES = 4;

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
/** The engine without a model: a tab grew by 145 MiB (2026-11-24), a child of the companion is of 85 (2026-11-25). */
const ENGINE_BYTES = { tab: 160 * MIB, companion: 128 * MIB };
/**
 * Without flash attention every token of a batch is held against every token of the context, once a head. Of 256 MiB such
 * scores in f32 a full context took 390 (llama.cpp in the companion, 16 heads, 2026-11-25).
 */
const SCORE_BYTES = 6;
/**
 * wllama 3.8.1 is a memory64 build, but its memory is declared with a maximum of 65,536 pages (`-sMAXIMUM_MEMORY=4096MB`):
 * 4 GiB for weights, cache and everything else, with one thread or many.
 */
const WASM_BYTES = 4 * GIB;
/** The engine keeps past prompts, and is renewed when they have taken this much. */
export const WASM_RECYCLE_BYTES = GIB;
/** Browsers told 8 GiB of any larger machine for years; newer ones tell more, and have a bound again. */
const LEAST_CAPPED_BYTES = 8 * GIB;
/** A GPU without memory of its own gets about half of the machine's; of one that has its own a browser tells nothing. */
const GPU_PART = 1 / 2;
const CPU_PART = 3 / 4;
/** A key-value cache may take this part of the memory that the model leaves. */
const CACHE_PART = 1 / 3;
/** The caches beside the first one spare reading, and no model needs them: they leave more to browser and system. */
const MORE_CACHES_PART = 1 / 6;

/** On the CPU of the tab: everything lies in the memory of wasm. */
export function fitOnWasm(model: ModelToFit, { memoryBytes }: TabMemory, learned?: Learned): Fit {
  const limits = {
    place: 'in this tab',
    ...tabMemory(memoryBytes),
    easyPart: CPU_PART,
    addressableBytes: WASM_BYTES,
    reservedBytes: WASM_RECYCLE_BYTES,
  };
  return fitIn(model, TAB_BATCH_TOKENS.wasm, ENGINE_BYTES.tab, limits, learned);
}

/**
 * The weights lie in the GPU's memory and pass through wasm one by one, so that 4 GiB are no bound. A part above
 * `maxStorageBufferBindingSize` is refused by the engine's GPU backend and calculated on the CPU instead (llama.cpp,
 * `ggml_backend_webgpu_device_supports_op`): slow, but no failure.
 */
export function fitOnWebgpu(
  model: ModelToFit,
  { memoryBytes, maxBufferBytes }: TabMemory,
  learned?: Learned,
): Fit {
  const limits = {
    place: 'on the GPU, whose memory no browser tells',
    ...tabMemory(memoryBytes),
    easyPart: GPU_PART,
    maxBufferBytes,
  };
  return fitIn(model, TAB_BATCH_TOKENS.webgpu, ENGINE_BYTES.tab, limits, learned);
}

/** Of a model that MLC compiled, whose list says what it takes of the GPU, weights, cache and all. */
export function fitCompiled(gpuBytes: number, { memoryBytes }: TabMemory, learned?: Learned): Fit {
  return estimateFit(
    { weightsBytes: gpuBytes, contextTokens: 0, cacheBytesPerToken: 0, engineBytes: 0 },
    { place: 'on the GPU, whose memory no browser tells', ...tabMemory(memoryBytes), easyPart: GPU_PART },
    learned,
  );
}

/**
 * llama.cpp maps the file: what does not fit into the machine's memory is read from the disk again for every token, so
 * that no answer ever comes.
 */
export function fitInCompanion(model: ModelToFit, memoryBytes: number, learned?: Learned): Fit {
  return fitWithSequences(model, memoryBytes, sequencesWithin(model, memoryBytes, learned), learned);
}

/**
 * How many conversations the companion keeps evaluated, each with a cache of the whole context, which is taken from the
 * memory at once. The further ones get a part of what the model leaves, and never make it tight: it must run as well as
 * with one. Of a model whose cache nobody knows, or whose context is cut short already, there is one.
 */
export function sequencesWithin(model: ModelToFit, memoryBytes: number, learned?: Learned): number {
  const contextTokens = contextWithin(model, memoryBytes);
  const cacheBytes = contextTokens * (model.needs?.cacheBytesPerToken ?? 0);
  if (cacheBytes === 0 || contextTokens < wantedContext(model)) return 1;
  const moreBytes = Math.max(0, memoryBytes - model.sizeBytes) * MORE_CACHES_PART;
  let sequences = Math.min(MAX_SEQUENCES, 1 + Math.floor(moreBytes / cacheBytes));
  while (sequences > 1 && fitWithSequences(model, memoryBytes, sequences, learned).verdict !== 'fits')
    sequences -= 1;
  return sequences;
}

function fitWithSequences(model: ModelToFit, memoryBytes: number, sequences: number, learned?: Learned): Fit {
  const contextTokens = contextWithin(model, memoryBytes);
  const fit = fitIn(
    model,
    COMPANION_BATCH_TOKENS,
    ENGINE_BYTES.companion,
    { place: 'in the companion', memoryBytes, easyPart: CPU_PART, addressableBytes: memoryBytes },
    learned,
    { contextTokens, sequences },
  );
  if (contextTokens === wantedContext(model)) return fit;
  return {
    ...fit,
    verdict: fit.verdict === 'fits' ? 'tight' : fit.verdict,
    words: `${fit.words}, with a context of ${contextTokens} tokens only`,
  };
}

/** The context that the companion gives a model: what its memory holds beside it, and no less than is useful. */
export function contextWithin(model: ModelToFit, memoryBytes: number): number {
  const wanted = wantedContext(model);
  const cacheBytes = model.needs?.cacheBytesPerToken ?? 0;
  if (cacheBytes === 0) return wanted;
  const left = Math.max(0, memoryBytes - model.sizeBytes) * CACHE_PART;
  return Math.min(wanted, Math.max(Math.floor(left / cacheBytes), MIN_CONTEXT_TOKENS));
}

function fitIn(
  model: ModelToFit,
  batchTokens: number,
  engineBytes: number,
  limits: DeviceLimits,
  learned: Learned | undefined,
  { contextTokens, sequences } = { contextTokens: wantedContext(model), sequences: 1 },
): Fit {
  const { sizeBytes, needs } = model;
  // A batch is held against the contexts that it is of, token by token: more of them do not make it larger.
  const scoreBytes = batchTokens * contextTokens * (needs?.headCount ?? 0) * SCORE_BYTES;
  return estimateFit(
    {
      weightsBytes: sizeBytes,
      contextTokens: contextTokens * sequences,
      cacheBytesPerToken: needs?.cacheBytesPerToken,
      engineBytes,
      scoreBytes,
      largestTensorBytes: needs?.largestTensorBytes,
    },
    limits,
    learned,
  );
}

function wantedContext({ needs }: ModelToFit): number {
  return Math.min(needs?.contextTokens ?? MAX_CONTEXT_TOKENS, MAX_CONTEXT_TOKENS);
}

function tabMemory(memoryBytes: number | undefined): Pick<DeviceLimits, 'memoryBytes' | 'isMemoryAtLeast'> {
  return { memoryBytes, isMemoryAtLeast: (memoryBytes ?? 0) >= LEAST_CAPPED_BYTES };
}
