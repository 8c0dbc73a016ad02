/** Owns the few calls of web-llm that this product uses, so that everything above can be tried without a GPU. */
import { MLCEngine, type AppConfig } from '@mlc-ai/web-llm';
import { readPromptsOf, type PromptReader, type WebLlmPipeline } from './web-llm-pipeline.ts';

/** Where the files of a compiled model are; both addresses are absolute. */
export interface MlcModel {
  readonly id: string;
  /** Of the folder, ending in `/resolve/main/`: web-llm appends that where it is missing. */
  readonly folder: string;
  readonly library: string;
  /** web-llm then looks for `shader-f16` before it gives anything to the GPU. */
  readonly needsF16: boolean;
  /** Not more than it was compiled for. */
  readonly contextTokens: number;
}

export interface MlcRequest {
  readonly messages: readonly { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }[];
  readonly temperature: number;
  readonly maxTokens: number;
  readonly topP?: number | undefined;
  readonly repeatPenalty?: number | undefined;
  readonly seed?: number | undefined;
  readonly stop?: readonly string[] | undefined;
  /** EBNF, which GBNF is. */
  readonly grammar?: string | undefined;
}

/** One streamed piece, as far as it is read here. Token counts are the engine's own, those of the prompt of all of it. */
export interface MlcChunk {
  readonly choices: readonly {
    readonly delta: { readonly content?: string | null };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: MlcUsage | undefined;
}

export interface MlcUsage {
  readonly prompt_tokens: number;
  /** Of these, the ones that were not read again. */
  readonly cached_tokens: number;
  readonly completion_tokens: number;
}

export interface RawMlc {
  /** Rejects with what web-llm throws, which names little. */
  load(model: MlcModel, onProgress: (text: string, share: number) => void): Promise<void>;
  /** One at a time. Breaking out of the iteration is safe. */
  complete(request: MlcRequest): Promise<AsyncIterable<MlcChunk>>;
  /** Of the prompt that would be made of these messages. The GPU does not take part. */
  countTokens(messages: MlcRequest['messages']): number;
  /** Ends what is being generated; it then has the finish reason `abort`. */
  interrupt(): Promise<void>;
  /** Bytes that were once bad stay bad in its cache until this is called. */
  forget(model: MlcModel): Promise<void>;
  /** Frees what its cache holds of other models. */
  forgetOthers(model: MlcModel): Promise<void>;
  /** Empty where the browser does not tell. */
  vendor(): Promise<string>;
  exit(): Promise<void>;
}

/** As web-llm names them. */
const CACHES = ['webllm/model', 'webllm/config', 'webllm/wasm'];

interface Loaded {
  readonly engine: MLCEngine;
  readonly prompts: PromptReader;
}

export function createWebLlm(): RawMlc {
  let engine: MLCEngine | undefined;
  let prompts: PromptReader | undefined;
  const loaded = (): Loaded => {
    if (engine && prompts) return { engine, prompts };
    throw new Error('no model is loaded');
  };
  return {
    load: async (model, onProgress) => {
      engine = new MLCEngine({
        appConfig: configOf(model),
        logLevel: 'ERROR',
        initProgressCallback: ({ text, progress }) => {
          onProgress(text, progress);
        },
      });
      await engine.reload(model.id);
      prompts = readPromptsOf(pipelineOf(engine, model.id));
    },
    complete: (request) => {
      const { engine: running, prompts: reader } = loaded();
      return answerOf(running, reader, request);
    },
    countTokens: (messages) => loaded().prompts.countTokens(messages),
    interrupt: () => loaded().engine.interruptGenerate(),
    // web-llm's own way leaves the list of the weights behind.
    forget: ({ folder }) => uncache((url) => url.startsWith(folder)),
    forgetOthers: ({ folder }) => uncache((url) => !url.startsWith(folder)),
    vendor: () => loaded().engine.getGPUVendor(),
    exit: async () => {
      const ended = engine;
      engine = undefined;
      prompts = undefined;
      await ended?.unload();
    },
  };
}

/** Of a pinned version; its own types keep this to itself. */
function pipelineOf(engine: MLCEngine, id: string): WebLlmPipeline {
  const pipelines: ReadonlyMap<string, WebLlmPipeline> = engine['loadedModelIdToPipeline'];
  const pipeline = pipelines.get(id);
  if (pipeline) return pipeline;
  throw new Error('web-llm loaded a model, and has none');
}

async function answerOf(
  engine: MLCEngine,
  prompts: PromptReader,
  { messages, temperature, maxTokens, topP, repeatPenalty, seed, stop, grammar }: MlcRequest,
): Promise<AsyncIterable<MlcChunk>> {
  const chunks = await engine.chat.completions.create({
    messages: [...messages],
    stream: true,
    stream_options: { include_usage: true },
    temperature,
    max_tokens: maxTokens,
    ...(topP !== undefined && { top_p: topP }),
    ...(repeatPenalty !== undefined && { repetition_penalty: repeatPenalty }),
    ...(seed !== undefined && { seed }),
    ...(stop && { stop: [...stop] }),
    ...(grammar !== undefined && { response_format: { type: 'grammar', grammar } }),
  });
  return told();

  async function* told(): AsyncGenerator<MlcChunk> {
    try {
      for await (const { choices, usage } of chunks) {
        // It answers, so it has read.
        prompts.confirm();
        yield { choices, usage: usage && wholeUsage(usage.completion_tokens) };
      }
    } catch (thrown) {
      prompts.forget();
      throw thrown;
    }
  }

  /** Its own count of the prompt is of what it has read anew. */
  function wholeUsage(completion_tokens: number): MlcUsage {
    return {
      prompt_tokens: prompts.countTokens(messages),
      cached_tokens: prompts.keptTokens(),
      completion_tokens,
    };
  }
}

async function uncache(isUnwanted: (url: string) => boolean): Promise<void> {
  for (const name of CACHES) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) if (isUnwanted(request.url)) await cache.delete(request);
  }
}

function configOf({ id, folder, library, needsF16, contextTokens }: MlcModel): AppConfig {
  const required_features = needsF16 ? ['shader-f16'] : [];
  // Else the cache for all of a large model's context would be asked of the GPU.
  const overrides = { context_window_size: contextTokens };
  return { model_list: [{ model: folder, model_id: id, model_lib: library, required_features, overrides }] };
}
