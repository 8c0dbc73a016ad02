/** Owns the canonical inference request and response; lanes translate them, and nothing else. */
import * as v from 'valibot';
import { AdapterUsesSchema } from './genome/adapters.ts';

export const ChatMessageSchema = v.object({
  role: v.picklist(['system', 'user', 'assistant']),
  content: v.string(),
});
export type ChatMessage = v.InferOutput<typeof ChatMessageSchema>;

export const SamplingSchema = v.object({
  /** 0 is greedy. */
  temperature: v.pipe(v.number(), v.minValue(0), v.maxValue(2)),
  topK: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  topP: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  repeatPenalty: v.optional(v.number()),
  seed: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
});
export type Sampling = v.InferOutput<typeof SamplingSchema>;

/** One generation. Every lane gives the same text for the same request at temperature 0 and an F32 or F16 model. */
export const GenerateRequestSchema = v.object({
  messages: v.pipe(v.array(ChatMessageSchema), v.minLength(1), v.maxLength(64)),
  sampling: SamplingSchema,
  /** Upper bound of generated tokens. */
  maxTokens: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(8192)),
  /** GBNF; the lane compiles it. A grammar that does not compile is `GrammarInvalid`. */
  grammar: v.optional(v.pipe(v.string(), v.maxLength(16384))),
  /** The form that `grammar` has, as text of a JSON schema: for engines behind servers that take no GBNF. */
  jsonSchema: v.optional(v.pipe(v.string(), v.maxLength(16384))),
  stop: v.optional(v.pipe(v.array(v.string()), v.maxLength(8))),
  /** On top of the model; none, or a scale of 0, is the model alone. `AdaptersUnsupported` where the lane has none. */
  adapters: v.optional(AdapterUsesSchema),
});
export type GenerateRequest = v.InferOutput<typeof GenerateRequestSchema>;

/** One throwaway token after these messages, or after a greeting. */
export function warmupRequest(messages?: readonly ChatMessage[]): GenerateRequest {
  return {
    messages: messages ? [...messages] : [{ role: 'user', content: 'Hello' }],
    sampling: { temperature: 0 },
    maxTokens: 1,
  };
}

/** What one generation cost. Tokens are the engine's own counts, never estimates; times are monotonic. */
export const GenerateResultSchema = v.object({
  text: v.string(),
  finishReason: v.picklist(['stop', 'length']),
  /** 0 where a server of the person's own does not tell. */
  promptTokens: v.number(),
  /** Of `promptTokens`, those taken from the prefix cache. */
  cachedTokens: v.number(),
  completionTokens: v.number(),
  /** Until the first token. */
  firstTokenMs: v.number(),
  totalMs: v.number(),
});
export type GenerateResult = v.InferOutput<typeof GenerateResultSchema>;

export const GenerateChunkSchema = v.variant('kind', [
  /** It waits for the engine; so many are before it. */
  v.object({ kind: v.literal('queued'), ahead: v.number() }),
  /** Of so many tokens; of one where it does not say. */
  v.object({ kind: v.literal('delta'), text: v.string(), tokens: v.optional(v.number()) }),
  v.object({ kind: v.literal('progress'), promptTokensDone: v.number(), promptTokens: v.number() }),
  v.object({ kind: v.literal('done'), result: GenerateResultSchema }),
]);
export type GenerateChunk = v.InferOutput<typeof GenerateChunkSchema>;
