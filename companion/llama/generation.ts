/** Owns one generation on a sequence of llama.cpp: prompt in slices, tokens one by one, no context shift. */
import {
  LlamaGrammarEvaluationState,
  type Llama,
  type LlamaContextSequence,
  type LlamaModel,
  type SequenceEvaluateOptions,
  type Token,
} from 'node-llama-cpp';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { GenerateChunk, GenerateRequest, Sampling } from '../../shared/inference/generate.ts';
import { createStopTexts } from './stop-texts.ts';
import { createTokenText } from './token-text.ts';

export interface LoadedModel {
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly sequence: LlamaContextSequence;
  readonly contextTokens: number;
  /** Of the prompt, what is read at once: an abort is seen between two slices. */
  readonly sliceTokens: number;
  readonly clock: Clock;
}

/** The samplers that a request leaves open, the same as on the lane in the tab. */
const DEFAULTS = { topK: 40, topP: 0.95, minP: 0 };
const PENALTY_TOKENS = 64;

/** Pushes `progress`*, `delta`* and one `done`. Rejects with `Aborted`, `ContextOverflow` or `GrammarInvalid`. */
export async function generate(
  loaded: LoadedModel,
  promptTokens: readonly Token[],
  request: GenerateRequest,
  push: (chunk: GenerateChunk) => void,
  signal: AbortSignal,
): Promise<void> {
  const { model, sequence, contextTokens, clock } = loaded;
  const startedMs = clock.monotonicMs();
  // One place is kept for the first token of the answer.
  if (promptTokens.length >= contextTokens)
    throw new AppError(
      'ContextOverflow',
      `The prompt has ${promptTokens.length} tokens, the model's context ${contextTokens}.`,
    );
  const grammar = await compileGrammar(loaded, request.grammar);
  const { rest, cachedTokens } = await evaluatePrompt(loaded, promptTokens, push, signal);

  const mostTokens = Math.min(request.maxTokens, contextTokens - promptTokens.length);
  const generated: Token[] = [];
  const words = createTokenText(model);
  const stops = createStopTexts(request.stop ?? []);
  let text = '';
  let firstTokenMs: number | undefined;
  let finishReason: 'stop' | 'length' = 'length';
  const show = (piece: string): void => {
    if (piece === '') return;
    text += piece;
    push({ kind: 'delta', text: piece });
  };
  const tokens = sequence.evaluate([...rest], {
    ...samplers(request.sampling, () => [...promptTokens, ...generated].slice(-PENALTY_TOKENS)),
    ...(grammar ? { grammarEvaluationState: grammar } : {}),
    yieldEogToken: true,
  });
  for await (const token of tokens) {
    signal.throwIfAborted();
    firstTokenMs ??= clock.monotonicMs() - startedMs;
    generated.push(token);
    if (model.isEogToken(token)) finishReason = 'stop';
    else show(stops.push(words.push(token)));
    if (stops.stopped) finishReason = 'stop';
    if (finishReason === 'stop' || generated.length >= mostTokens) break;
  }
  show(stops.push(words.rest()));
  show(stops.rest());
  const totalMs = clock.monotonicMs() - startedMs;
  push({
    kind: 'done',
    result: {
      text,
      finishReason,
      promptTokens: promptTokens.length,
      cachedTokens,
      completionTokens: generated.length,
      firstTokenMs: firstTokenMs ?? totalMs,
      totalMs,
    },
  });
}

/** Leaves the last tokens to the caller: the engine wants at least one to begin an answer from. */
async function evaluatePrompt(
  { sequence, sliceTokens }: LoadedModel,
  tokens: readonly Token[],
  push: (chunk: GenerateChunk) => void,
  signal: AbortSignal,
): Promise<{ rest: readonly Token[]; cachedTokens: number }> {
  signal.throwIfAborted();
  await sequence.adaptStateToTokens(tokens.slice(0, -1), false);
  const cachedTokens = sequence.nextTokenIndex;
  let done = cachedTokens;
  while (tokens.length - done > sliceTokens) {
    signal.throwIfAborted();
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(done, done + sliceTokens));
    done += sliceTokens;
    push({ kind: 'progress', promptTokensDone: done, promptTokens: tokens.length });
  }
  signal.throwIfAborted();
  return { rest: tokens.slice(done), cachedTokens };
}

async function compileGrammar(
  { llama, model }: LoadedModel,
  source: string | undefined,
): Promise<LlamaGrammarEvaluationState | undefined> {
  if (source === undefined) return undefined;
  try {
    const grammar = await llama.createGrammar({ grammar: source });
    return new LlamaGrammarEvaluationState({ model, grammar });
  } catch (error) {
    throw new AppError('GrammarInvalid', 'llama.cpp cannot compile the grammar of the decision.', {
      cause: error,
    });
  }
}

function samplers(sampling: Sampling, lastTokens: () => Token[]): SequenceEvaluateOptions {
  return {
    temperature: sampling.temperature,
    topK: sampling.topK ?? DEFAULTS.topK,
    topP: sampling.topP ?? DEFAULTS.topP,
    minP: DEFAULTS.minP,
    ...(sampling.seed === undefined ? {} : { seed: sampling.seed }),
    ...(sampling.repeatPenalty === undefined
      ? {}
      : {
          repeatPenalty: {
            punishTokens: lastTokens,
            maxPunishTokens: PENALTY_TOKENS,
            penalty: sampling.repeatPenalty,
          },
        }),
  };
}
