/** Owns llama.cpp inside its own process: one model at a time, one sequence whose evaluated prefix is kept. */
import { availableParallelism } from 'node:os';
import {
  getLlama,
  LlamaLogLevel,
  type Llama,
  type LlamaContextOptions,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { saysOutOfMemory } from '../../shared/models/out-of-memory.ts';
import type { ChatMessage, GenerateChunk, GenerateRequest } from '../../shared/inference/generate.ts';
import { createPromptRenderer, type RenderPrompt } from '../../shared/inference/model-prompt.ts';
import { AdapterContexts } from './adapter-contexts.ts';
import type { AdapterToLoad, ModelToOpen, OpenedModel } from './child-messages.ts';
import { decideThreads, type DecidedThreads } from './decided-threads.ts';
import { createEmbedding, poolingOverride, type EmbedText } from './embedding.ts';
import { generate, type LoadedModel } from './generation.ts';
import { openLoraContext, releaseLora } from './lora-context.ts';
import { openTrial } from './thread-calibration.ts';

const SLICE_SECONDS = 0.5;
/** This many tokens of an 8B model take about a second on four cores. */
const LEAST_SLICE_TOKENS = 64;
/** What llama.cpp takes in one batch. */
const MOST_SLICE_TOKENS = 512;

export interface EngineOptions {
  /** Upper bound for every model, as the number of cores is; llama.cpp's own default is at least 4, also on two. */
  readonly maxThreads: number;
  readonly clock: Clock;
  /** llama.cpp's own warnings, as it says them. */
  readonly onLog: (message: string) => void;
}

/** Calls of one engine run one after the other, except `countPromptTokens`, which needs no evaluation. */
export interface Engine {
  /** Of llama.cpp. */
  readonly release: string;
  /** Replaces the model. Rejects with `LaneStartFailed`, `ModelTooLarge` (no memory), `ModelUnsupported` or `Aborted`; then none is open. */
  open(model: ModelToOpen, signal: AbortSignal): Promise<OpenedModel>;
  /** With these adapters on the model, in a context of their own; the model alone with none. */
  generate(
    request: GenerateRequest,
    push: (chunk: GenerateChunk) => void,
    signal: AbortSignal,
    adapters?: readonly AdapterToLoad[],
  ): Promise<void>;
  countPromptTokens(messages: readonly ChatMessage[]): number;
  /** The conversation's evaluated prefix stays. */
  readonly embed: EmbedText;
  dispose(): Promise<void>;
}

interface OpenModel extends LoadedModel {
  readonly renderPrompt: RenderPrompt;
  readonly decided: DecidedThreads;
  readonly embed: EmbedText;
  readonly adapterContexts: AdapterContexts;
  dispose(): Promise<void>;
}

/** Never downloads and never compiles. Rejects where no binary for this machine is installed. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const maxThreads = Math.min(options.maxThreads, availableParallelism());
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    maxThreads,
    logLevel: LlamaLogLevel.warn,
    logger: (_, message) => {
      options.onLog(message);
    },
  });
  let current: OpenModel | undefined;
  let lastCall: Promise<unknown> = Promise.resolve();
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const call = lastCall.then(work);
    lastCall = call.catch(() => undefined);
    return call;
  };
  const openModel = (): OpenModel => {
    if (!current) throw new AppError('LaneDied', 'No model is open.');
    return current;
  };

  return {
    release: llama.llamaCppRelease.release,
    open: (toOpen, signal) =>
      inOrder(async () => {
        await current?.dispose();
        current = undefined;
        const startedMs = options.clock.monotonicMs();
        current = await load(llama, toOpen, options.clock, signal);
        const { contextTokens, decided } = current;
        const { threads, calibration } = decided;
        return {
          contextTokens,
          threads,
          ...(calibration === undefined ? {} : { calibration }),
          evidence: evidence(llama, toOpen, decided),
          loadMs: options.clock.monotonicMs() - startedMs,
        };
      }),
    generate: (request, push, signal, adapters = []) =>
      inOrder(async () => {
        const model = openModel();
        const sequence =
          adapters.length === 0 ? model.sequence : await model.adapterContexts.sequenceOf(adapters, signal);
        const tokens = promptTokens(model, request.messages);
        return generate({ ...model, sequence }, tokens, request, push, signal);
      }),
    countPromptTokens: (messages) => promptTokens(openModel(), messages).length,
    embed: (text, signal) => inOrder(() => openModel().embed(text, signal)),
    dispose: () =>
      inOrder(async () => {
        await current?.dispose();
        current = undefined;
        await llama.dispose();
      }),
  };
}

async function load(
  llama: Llama,
  toOpen: ModelToOpen,
  clock: Clock,
  signal: AbortSignal,
): Promise<OpenModel> {
  let loaded: LlamaModel | undefined;
  try {
    const model = (loaded = await llama.loadModel({
      modelPath: toOpen.path,
      gpuLayers: 0,
      ...poolingOverride(toOpen),
      // It rounds differently, and the lane in the tab has it off: the same file shall give the same text.
      defaultContextFlashAttention: false,
      loadSignal: signal,
    }));
    const decided = await decideThreads(toOpen.threads, {
      maxThreads: llama.maxThreads,
      open: (threads) => openTrial(model, threads, signal),
      clock,
      signal,
    });
    const settings: LlamaContextOptions = {
      contextSize: toOpen.contextTokens,
      sequences: 1,
      threads: decided.threads,
    };
    const context = await model.createContext({ ...settings, createSignal: signal });
    return {
      llama,
      model,
      sequence: context.getSequence(),
      contextTokens: Math.min(context.contextSize, toOpen.contextTokens),
      sliceTokens: sliceTokens(decided),
      clock,
      renderPrompt: createPromptRenderer(
        { ...toOpen, chatTemplate: toOpen.chatTemplate },
        model.tokens.shouldPrependBosToken,
      ),
      decided,
      embed: createEmbedding(model, toOpen, decided.threads),
      adapterContexts: new AdapterContexts({
        ...(toOpen.adapters ?? { budgetBytes: 0, cacheBytes: 0 }),
        clock,
        open: (adapters, within) => openLoraContext(model, settings, adapters, within),
        releaseFile: (path) => releaseLora(model, path),
      }),
      dispose: () => model.dispose(),
    };
  } catch (error) {
    // Measuring or making its context ended: nobody else knows of it.
    await loaded?.dispose();
    signal.throwIfAborted();
    const cause = error instanceof Error ? error.message : String(error);
    const code = saysOutOfMemory(cause) ? 'ModelTooLarge' : 'LaneStartFailed';
    throw new AppError(code, `llama.cpp could not load the model: ${cause}`, { cause: error });
  }
}

/** Half a second of reading. Each slice costs: a prompt of 103 tokens took 6 ms longer in two than in one (2026-11-25). */
function sliceTokens({ calibration }: DecidedThreads): number {
  const half = (calibration?.prefillTokensPerSecond ?? 0) * SLICE_SECONDS;
  return Math.round(Math.min(MOST_SLICE_TOKENS, Math.max(LEAST_SLICE_TOKENS, half)));
}

function promptTokens({ model, renderPrompt }: OpenModel, messages: readonly ChatMessage[]): Token[] {
  const tokens = model.tokenize(renderPrompt(messages), true);
  const { bos, shouldPrependBosToken } = model.tokens;
  return bos !== null && shouldPrependBosToken ? [bos, ...tokens] : tokens;
}

function evidence(llama: Llama, { chatTemplate }: ModelToOpen, { words }: DecidedThreads): string {
  const { release } = llama.llamaCppRelease;
  return [
    `llama.cpp ${release} on the CPU`,
    llama.gpu === false ? 'no GPU in this build' : `GPU layers: 0 of ${llama.gpu}`,
    words,
    ...(chatTemplate === undefined ? ['no chat template in the file: ChatML is used'] : []),
  ].join(', ');
}
