/** Owns the translation between the canonical request and result and llama.cpp's names for them. */
import type { Clock } from '../../../shared/clock.ts';
import type { GenerateChunk, GenerateRequest, GenerateResult } from '../../../shared/inference/generate.ts';
import type { RawChunk, RawCompletion } from './raw-engine.ts';

/** What is used where a request leaves a sampler open; with temperature 0 none of them matters. */
const DEFAULTS = { topK: 40, topP: 0.95, minP: 0, repeatPenalty: 1 };

/** Adapters are not in it: the engine knows them by other names. */
export function rawCompletion(prompt: string, request: GenerateRequest): RawCompletion {
  const { sampling } = request;
  return {
    prompt,
    max_tokens: request.maxTokens,
    temperature: sampling.temperature,
    top_k: sampling.topK ?? DEFAULTS.topK,
    top_p: sampling.topP ?? DEFAULTS.topP,
    min_p: DEFAULTS.minP,
    repeat_penalty: sampling.repeatPenalty ?? DEFAULTS.repeatPenalty,
    ...(sampling.seed === undefined ? {} : { seed: sampling.seed }),
    ...(request.grammar === undefined ? {} : { grammar: request.grammar }),
    ...(request.stop === undefined ? {} : { stop: request.stop }),
  };
}

export interface ChunkReader {
  /** The canonical chunks in one raw piece, in order. */
  read(raw: RawChunk): GenerateChunk[];
  /** Undefined while the engine has not said how it ended. */
  result(): GenerateResult | undefined;
}

/** Times count from the creation of the reader. */
export function createChunkReader(clock: Clock): ChunkReader {
  const startedMs = clock.monotonicMs();
  let text = '';
  let firstTokenMs: number | undefined;
  let result: GenerateResult | undefined;
  return {
    read: (raw) => {
      const chunks: GenerateChunk[] = [];
      const choice = raw.choices[0];
      const progress = raw.prompt_progress;
      if (progress && text === '') {
        chunks.push({
          kind: 'progress',
          promptTokensDone: progress.processed,
          promptTokens: progress.total,
        });
      }
      if (choice && choice.text !== '') {
        firstTokenMs ??= clock.monotonicMs() - startedMs;
        text += choice.text;
        chunks.push({ kind: 'delta', text: choice.text });
      }
      if (choice?.finish_reason && raw.usage) {
        const totalMs = clock.monotonicMs() - startedMs;
        result = {
          text,
          finishReason: choice.finish_reason === 'length' ? 'length' : 'stop',
          promptTokens: raw.usage.prompt_tokens,
          cachedTokens: raw.usage.prompt_tokens_details?.cached_tokens ?? 0,
          completionTokens: raw.usage.completion_tokens,
          firstTokenMs: firstTokenMs ?? totalMs,
          totalMs,
        };
      }
      return chunks;
    },
    result: () => result,
  };
}
