/** Owns what is read of the two lists of a model that MLC compiled, wherever its folder is: foreign text, held to limits. */
import * as v from 'valibot';
import { MAX_CONTEXT_TOKENS } from './fit-places.ts';
import type { ModelNeeds } from './model-needs.ts';

export const MLC_CONFIG = 'mlc-chat-config.json';
export const MLC_WEIGHTS = 'tensor-cache.json';
/** Of each list; those of large models take some hundred KiB. */
export const MAX_MLC_LIST_BYTES = 16 * 1024 * 1024;

/** A name that stays in its folder, and in an address, whatever it is. */
export const MlcNameSchema = v.pipe(v.string(), v.maxLength(128), v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/));

const CountSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const ArchitectureSchema = v.object({
  num_hidden_layers: CountSchema,
  num_attention_heads: CountSchema,
  num_key_value_heads: v.optional(CountSchema),
  head_dim: v.optional(CountSchema),
  hidden_size: CountSchema,
});

export const MlcConfigSchema = v.object({
  quantization: v.pipe(v.string(), v.maxLength(64)),
  // web-llm loads without these two, and fails at the first answer.
  vocab_size: CountSchema,
  conv_template: v.looseObject({}),
  context_window_size: CountSchema,
  tokenizer_files: v.pipe(v.array(MlcNameSchema), v.minLength(1), v.maxLength(16)),
  model_config: v.optional(v.unknown()),
});
export type MlcConfig = v.InferOutput<typeof MlcConfigSchema>;

export const MlcWeightsSchema = v.object({
  records: v.pipe(
    v.array(
      v.object({
        dataPath: MlcNameSchema,
        nbytes: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
        /** Of the shard, where the compiler wrote it. */
        md5sum: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))),
      }),
    ),
    v.minLength(1),
    v.maxLength(4_096),
  ),
});

/** What a lane has to know of a compiled model before it opens it. */
export const MlcFactsSchema = v.object({
  /** Name of the compiled library among the files. */
  library: v.string(),
  contextTokens: v.number(),
  /** Its kernels calculate in f16: the adapter has to know how. */
  needsF16: v.boolean(),
});
export type MlcFacts = v.InferOutput<typeof MlcFactsSchema>;

/** The whole context of a large model would take the GPU's memory for a cache that no room ever fills. */
export function mlcFactsOf(
  { context_window_size, quantization }: MlcConfig,
  library: string,
  maxContextTokens = MAX_CONTEXT_TOKENS,
): MlcFacts {
  return {
    library,
    contextTokens: Math.min(context_window_size, maxContextTokens),
    needsF16: quantization.includes('f16'),
  };
}

/** At the context that it is loaded with. Not every architecture tells what its cache takes. */
export function mlcNeedsOf({ model_config, quantization }: MlcConfig, contextTokens: number): ModelNeeds {
  const parsed = v.safeParse(ArchitectureSchema, model_config);
  if (!parsed.success) return { contextTokens };
  const {
    num_hidden_layers: layers,
    num_attention_heads: heads,
    hidden_size: width,
    num_key_value_heads: cacheHeads = heads,
    head_dim: headWidth = Math.ceil(width / heads),
  } = parsed.output;
  // Keys and values, as wide as the kernels calculate.
  const elementBytes = quantization.includes('f16') ? 2 : 4;
  const cacheBytesPerToken = 2 * layers * cacheHeads * headWidth * elementBytes;
  return {
    contextTokens,
    ...(Number.isSafeInteger(cacheBytesPerToken) && { cacheBytesPerToken }),
  };
}
