/** Owns llama.cpp inside its own process: one model at a time, a few sequences whose evaluated prefixes are kept. */
import { availableParallelism } from 'node:os';
import {
  type Llama,
  type LlamaContextOptions,
  type LlamaContextSequence,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { GpuBuild } from '../../shared/inference/gpu-builds.ts';
import { createWorkAdmission } from '../../shared/inference/admission.ts';
import { saysOutOfMemory } from '../../shared/models/out-of-memory.ts';
import type { ChatMessage, GenerateChunk, GenerateRequest } from '../../shared/inference/generate.ts';
import { createPromptRenderer, type RenderPrompt } from '../../shared/inference/model-prompt.ts';
import { AdapterContexts } from './adapter-contexts.ts';
import type { AdapterToLoad, ModelToOpen, OpenedModel } from './child-messages.ts';
import { decideThreads, type DecidedThreads } from './decided-threads.ts';
import { createEmbedding, poolingOverride, type EmbedText } from './embedding.ts';
import { startLlama, type StartedLlama } from './gpu-build.ts';
import { generate, type LoadedModel } from './generation.ts';
import { openLoraContext, releaseLora } from './lora-context.ts';
import { openWithSequences, Sequences, type PromptToRead, type Taken } from './sequences.ts';
import { openTrial } from './thread-calibration.ts';
import { unmeasuredThreads } from './thread-choice.ts';
import { fitsBeside, type Work } from './work.ts';

const SLICE_SECONDS = 0.5;
/** This many tokens of an 8B model take about a second on four cores. */
const LEAST_SLICE_TOKENS = 64;
/** What llama.cpp takes in one batch. */
const MOST_SLICE_TOKENS = 512;

export interface EngineOptions {
  /** Upper bound for every model, as the number of cores is; llama.cpp's own default is at least 4, also on two. */
  readonly maxThreads: number;
  readonly gpu?: GpuBuild | undefined;
  readonly clock: Clock;
  /** llama.cpp's own warnings, as it says them. */
  readonly onLog: (message: string) => void;
}

/**
 * Generations with the model alone run together, as many as it has sequences, and texts are embedded beside them; all else
 * runs with nobody beside it, except `countPromptTokens`, which needs no evaluation. First come, first served.
 */
export interface Engine {
  /** Of llama.cpp. */
  readonly release: string;
  /** Replaces the model. Rejects with `LaneStartFailed`, `ModelTooLarge` (no memory), `ModelUnsupported` or `Aborted`; then none is open. */
  open(model: ModelToOpen, signal: AbortSignal): Promise<OpenedModel>;
  /**
   * With these adapters on the model, in a context of their own, and then with nobody beside it: contexts share no batch,
   * so nothing would be won, and one that has to go for another is surely not written in. The model alone with none.
   */
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

interface TakeOptions {
  readonly adapters: readonly AdapterToLoad[];
  readonly push: (chunk: GenerateChunk) => void;
  readonly signal: AbortSignal;
}

/** Far below every limit of silence. */
const SIGN_EVERY_MS = 5_000;
/** Of giving a model's memory back. */
const DISPOSE_WITHIN_MS = 5_000;

const TOGETHER: Work = { alone: false };
const ALONE: Work = { alone: true };

interface OpenModel extends Omit<LoadedModel, 'sequence'> {
  readonly sequences: Sequences<LlamaContextSequence>;
  readonly renderPrompt: RenderPrompt;
  readonly decided: DecidedThreads;
  /** In words. */
  readonly device: string;
  readonly embed: EmbedText;
  readonly adapterContexts: AdapterContexts;
  dispose(): Promise<void>;
}

/** Never downloads and never compiles. Rejects where no binary for this machine is installed. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const maxThreads = Math.min(options.maxThreads, availableParallelism());
  const started = await startLlama({ gpu: options.gpu, maxThreads, onLog: options.onLog });
  const { llama } = started;
  let current: OpenModel | undefined;
  const admission = createWorkAdmission<Work>((next, inside) =>
    fitsBeside(next, inside, current?.sequences.count ?? 1),
  );
  const run = async <T>(
    work: Work,
    signal: AbortSignal | undefined,
    action: () => Promise<T>,
  ): Promise<T> => {
    const leave = await admission.enter(work, signal);
    try {
      return await action();
    } finally {
      leave();
    }
  };
  const openModel = (): OpenModel => {
    if (!current) throw new AppError('LaneDied', 'No model is open.');
    return current;
  };

  return {
    release: llama.llamaCppRelease.release,
    open: (toOpen, signal) =>
      run(ALONE, signal, async () => {
        await current?.dispose();
        current = undefined;
        const startedMs = options.clock.monotonicMs();
        current = await load(started, toOpen, options.clock, signal);
        const { contextTokens, sequences, decided } = current;
        const { threads, calibration } = decided;
        return {
          contextTokens,
          sequences: sequences.count,
          threads,
          ...(calibration === undefined ? {} : { calibration }),
          isOnGpu: llama.gpu !== false,
          evidence: evidence(llama, toOpen, current),
          loadMs: options.clock.monotonicMs() - startedMs,
        };
      }),
    generate: (request, push, signal, adapters = []) =>
      run(adapters.length === 0 ? TOGETHER : ALONE, signal, async () => {
        const model = openModel();
        const prompt = promptToRead(model, request.messages);
        const taken = await take(model, prompt, { adapters, push, signal });
        try {
          return await generate({ ...model, sequence: taken.sequence }, prompt.tokens, request, push, signal);
        } finally {
          taken.giveBack();
        }
      }),
    countPromptTokens: (messages) => promptTokens(openModel(), messages).length,
    embed: (text, signal) => run(TOGETHER, signal, () => openModel().embed(text, signal)),
    dispose: () =>
      run(ALONE, undefined, async () => {
        await current?.dispose();
        current = undefined;
        await llama.dispose();
      }),
  };
}

async function load(
  { llama, watchLoad }: StartedLlama,
  toOpen: ModelToOpen,
  clock: Clock,
  signal: AbortSignal,
): Promise<OpenModel> {
  let loaded: LlamaModel | undefined;
  try {
    const deviceOf = watchLoad();
    const model = (loaded = await llama.loadModel({
      modelPath: toOpen.path,
      gpuLayers: llama.gpu === false ? 0 : 'max',
      ...poolingOverride(toOpen),
      // It rounds differently, and the lane in the tab has it off: the same file shall give the same text.
      defaultContextFlashAttention: false,
      loadSignal: signal,
    }));
    const device = await deviceOf();
    const decided = await decideThreads(threadsFor(llama, toOpen), {
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
    // It takes the size of one of them, and allocates as many.
    const context = await openWithSequences(
      toOpen.sequences ?? 1,
      (sequences) => model.createContext({ ...settings, sequences, createSignal: signal }),
      signal,
    );
    const sequences = Array.from({ length: context.totalSequences }, () => context.getSequence());
    return {
      llama,
      model,
      sequences: new Sequences(sequences),
      contextTokens: Math.min(context.contextSize, toOpen.contextTokens),
      sliceTokens: sliceTokens(llama, decided),
      clock,
      renderPrompt: createPromptRenderer(
        { ...toOpen, chatTemplate: toOpen.chatTemplate },
        model.tokens.shouldPrependBosToken,
      ),
      decided,
      device,
      embed: createEmbedding(model, toOpen, decided.threads),
      adapterContexts: new AdapterContexts({
        ...(toOpen.adapters ?? { budgetBytes: 0, cacheBytes: 0 }),
        clock,
        open: (adapters, within) => openLoraContext(model, settings, adapters, within),
        releaseFile: (path) => releaseLora(model, path),
      }),
      dispose: () => disposeWithin(model, clock),
    };
  } catch (error) {
    // Measuring or making its context ended: nobody else knows of it.
    if (loaded) await disposeWithin(loaded, clock);
    signal.throwIfAborted();
    const cause = error instanceof Error ? error.message : String(error);
    const code = saysOutOfMemory(cause) ? 'ModelTooLarge' : 'LaneStartFailed';
    throw new AppError(code, `llama.cpp could not load the model: ${cause}`, { cause: error });
  }
}

/**
 * A context that could not be made holds on to its model for ever (node-llama-cpp 3.21.1): what is left in memory then ends
 * with the process, which must not wait for it.
 */
async function disposeWithin(model: LlamaModel, clock: Clock): Promise<void> {
  const late = new AbortController();
  const disposed = model.dispose().finally(() => {
    late.abort();
  });
  await Promise.race([disposed, clock.sleep(DISPOSE_WITHIN_MS, late.signal).catch(() => disposed)]);
}

/** On a GPU they hardly count, and to measure them takes as long as a GPU takes to compile what it runs. */
function threadsFor(llama: Llama, { threads }: ModelToOpen): ModelToOpen['threads'] {
  return llama.gpu === false ? threads : unmeasuredThreads(llama.maxThreads);
}

/** Half a second of reading. Each slice costs: a prompt of 103 tokens took 6 ms longer in two than in one (2026-11-25). */
function sliceTokens({ gpu }: Llama, { calibration }: DecidedThreads): number {
  if (gpu !== false) return MOST_SLICE_TOKENS;
  const half = (calibration?.prefillTokensPerSecond ?? 0) * SLICE_SECONDS;
  return Math.round(Math.min(MOST_SLICE_TOKENS, Math.max(LEAST_SLICE_TOKENS, half)));
}

function promptTokens({ model, renderPrompt }: OpenModel, messages: readonly ChatMessage[]): Token[] {
  const tokens = model.tokenize(renderPrompt(messages), true);
  const { bos, shouldPrependBosToken } = model.tokens;
  return bos !== null && shouldPrependBosToken ? [bos, ...tokens] : tokens;
}

async function take(
  { sequences, adapterContexts, clock }: OpenModel,
  prompt: PromptToRead,
  { adapters, push, signal }: TakeOptions,
): Promise<Taken<LlamaContextSequence>> {
  if (adapters.length === 0) {
    let cancel: () => void = () => undefined;
    // Somebody who waits in here is alive.
    const sign = (): void => {
      push({ kind: 'queued', ahead: 1 });
      cancel = clock.after(SIGN_EVERY_MS, sign);
    };
    const onWait = (): void => {
      cancel();
      sign();
    };
    return sequences.take(prompt, signal, onWait).finally(() => {
      cancel();
    });
  }
  return { sequence: await adapterContexts.sequenceOf(adapters, signal), giveBack: () => undefined };
}

function promptToRead(open: OpenModel, messages: readonly ChatMessage[]): PromptToRead {
  const tokens = promptTokens(open, messages);
  const [last, ...before] = messages.toReversed();
  const hers = last && before.length > 0 ? open.model.tokenize(last.content).length : 0;
  return { tokens, roomTokens: tokens.length - hers };
}

function evidence(llama: Llama, { chatTemplate }: ModelToOpen, { device, decided }: OpenModel): string {
  const { release } = llama.llamaCppRelease;
  return [
    `llama.cpp ${release} on the ${llama.gpu === false ? 'CPU' : 'GPU'}`,
    device,
    decided.words,
    ...(chatTemplate === undefined ? ['no chat template in the file: ChatML is used'] : []),
  ].join(', ');
}
