/** Owns embedding with an open model of llama.cpp: in a context of its own, made for the first text, gone with the model. */
import type { LlamaEmbeddingContext, LlamaModel, LlamaModelOptions } from 'node-llama-cpp';
import { AppError } from '../../shared/errors.ts';
import { MAX_EMBED_TOKENS, unitVector } from '../../shared/inference/embedding.ts';
import { POOLINGS } from '../../shared/inference/gguf-header.ts';
import { createDefuser } from '../../shared/inference/model-prompt.ts';
import type { ModelToOpen } from './child-messages.ts';

/** A vector of length 1. Rejects with `ContextOverflow`, `EmbeddingsUnsupported` or, before and after its one batch, `Aborted`. */
export type EmbedText = (text: string, signal: AbortSignal) => Promise<Float32Array>;

/** For the load: where the file is silent the last state alone is taken, and a context has no option for that. */
export function poolingOverride({ pooling }: ModelToOpen): Pick<LlamaModelOptions, 'metadataOverrides'> {
  if (!pooling) return {};
  const { architecture, kind } = pooling;
  return { metadataOverrides: { [architecture]: { pooling_type: POOLINGS.indexOf(kind) + 1 } } };
}

export function createEmbedding(
  model: LlamaModel,
  { contextTokens, controlTokens }: ModelToOpen,
  threads: number,
): EmbedText {
  const mostTokens = Math.min(contextTokens, MAX_EMBED_TOKENS);
  const defuse = createDefuser(controlTokens);
  let opening: Promise<LlamaEmbeddingContext> | undefined;
  return async (text, signal) => {
    signal.throwIfAborted();
    opening ??= openContext(model, mostTokens, threads).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    const context = await opening;
    const tokens = model.tokenize(defuse(text), true);
    // With those that llama.cpp puts around it.
    const count = context.calculateInputLength([...tokens]);
    if (count > mostTokens)
      throw new AppError(
        'ContextOverflow',
        `The text has ${count} tokens; at most ${mostTokens} can be embedded.`,
      );
    const { vector } = await context.getEmbeddingFor(tokens);
    signal.throwIfAborted();
    return unitVector(vector);
  };
}

async function openContext(
  model: LlamaModel,
  mostTokens: number,
  threads: number,
): Promise<LlamaEmbeddingContext> {
  try {
    // One place more than a text may have: llama.cpp's binding keeps it for a token that is never made.
    return await model.createEmbeddingContext({
      contextSize: mostTokens + 1,
      batchSize: mostTokens + 1,
      threads,
    });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new AppError('EmbeddingsUnsupported', `llama.cpp does not embed with this model: ${cause}`, {
      cause: error,
    });
  }
}
