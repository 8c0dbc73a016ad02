/** Owns the messages between the companion and its llama.cpp child process; both ends check what they receive. */
import * as v from 'valibot';
import { WireErrorSchema } from '../../shared/bridge/messages.ts';
import { EmbeddingSchema, EmbedTextSchema } from '../../shared/inference/embedding.ts';
import {
  ChatMessageSchema,
  GenerateChunkSchema,
  GenerateRequestSchema,
} from '../../shared/inference/generate.ts';
import { AdapterIdSchema, MAX_ADAPTERS } from '../../shared/inference/genome/adapters.ts';
import { POOLINGS } from '../../shared/inference/gguf-header.ts';
import { CalibrationSchema } from './calibration.ts';

/** Environment variable of the child: most threads that llama.cpp may use there. */
export const CHILD_THREADS_VARIABLE = 'PERSONA_NODE_LLAMA_THREADS';

/** The GPU build of llama.cpp that the person asked for; empty for the CPU. */
export const CHILD_GPU_VARIABLE = 'PERSONA_NODE_LLAMA_GPU';

const IdSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const CountSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const SequencesSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const ThreadsSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** A file as the parent has checked it. */
export const AdapterToLoadSchema = v.object({
  id: AdapterIdSchema,
  path: v.string(),
  sizeBytes: CountSchema,
  scale: v.number(),
});
export type AdapterToLoad = v.InferOutput<typeof AdapterToLoadSchema>;

/** A model as the parent has checked it; the child opens nothing else. */
export const ModelToOpenSchema = v.object({
  path: v.string(),
  contextTokens: v.pipe(CountSchema, v.minValue(1)),
  /** Generations that may run at once, each in a context of that length; one where it is not said. */
  sequences: v.optional(SequencesSchema),
  /** A number to take as it is, what was measured before, or that it shall be measured now. */
  threads: v.union([ThreadsSchema, CalibrationSchema, v.literal('measure')]),
  chatTemplate: v.optional(v.string()),
  bosToken: v.string(),
  eosToken: v.string(),
  controlTokens: v.array(v.string()),
  /** For embedding; without it as llama.cpp does by itself. */
  pooling: v.optional(v.object({ architecture: v.string(), kind: v.picklist(POOLINGS) })),
  /** What all contexts with adapters on may take, and what the cache of one takes; without it none is kept for long. */
  adapters: v.optional(v.object({ budgetBytes: CountSchema, cacheBytes: CountSchema })),
});
export type ModelToOpen = v.InferOutput<typeof ModelToOpenSchema>;

export const OpenedModelSchema = v.object({
  contextTokens: CountSchema,
  /** As many as were asked for or, where there was no memory for them, one. */
  sequences: SequencesSchema,
  threads: ThreadsSchema,
  /** Where the number of threads was measured, now or before. */
  calibration: v.optional(CalibrationSchema),
  isOnGpu: v.boolean(),
  /** What llama.cpp says of itself and of where it calculates. */
  evidence: v.string(),
  loadMs: v.number(),
});
export type OpenedModel = v.InferOutput<typeof OpenedModelSchema>;

/** Parent → child. */
export const ToChildSchema = v.variant('kind', [
  v.object({ kind: v.literal('open'), id: IdSchema, model: ModelToOpenSchema }),
  v.object({
    kind: v.literal('generate'),
    id: IdSchema,
    request: GenerateRequestSchema,
    /** The request's own, where they are; the child opens no other files. */
    adapters: v.optional(v.pipe(v.array(AdapterToLoadSchema), v.maxLength(MAX_ADAPTERS))),
  }),
  v.object({ kind: v.literal('count'), id: IdSchema, messages: v.array(ChatMessageSchema) }),
  v.object({ kind: v.literal('embed'), id: IdSchema, text: EmbedTextSchema }),
  v.object({ kind: v.literal('abort'), id: IdSchema }),
]);
export type ToChild = v.InferOutput<typeof ToChildSchema>;

/** Child → parent. Every request is answered once by `opened`, `counted`, `embedded`, a `chunk` that is `done`, or `failed`. */
export const FromChildSchema = v.variant('kind', [
  v.object({ kind: v.literal('ready'), release: v.string() }),
  v.object({ kind: v.literal('unavailable'), reason: v.string() }),
  v.object({ kind: v.literal('opened'), id: IdSchema, model: OpenedModelSchema }),
  v.object({ kind: v.literal('counted'), id: IdSchema, tokens: CountSchema }),
  v.object({ kind: v.literal('embedded'), id: IdSchema, vector: EmbeddingSchema }),
  v.object({ kind: v.literal('chunk'), id: IdSchema, chunk: GenerateChunkSchema }),
  v.object({ kind: v.literal('failed'), id: IdSchema, error: WireErrorSchema }),
  /** Sent every second or two, so that the parent can end a child that takes too much. */
  v.object({ kind: v.literal('memory'), residentBytes: v.number() }),
]);
export type FromChild = v.InferOutput<typeof FromChildSchema>;
