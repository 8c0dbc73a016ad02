/** Owns what page and companion tell each other of models that other programs of the person already hold. */
import * as v from 'valibot';

export const FoundModelSchema = v.object({
  /** Chosen by the companion; says nothing about where the file is. */
  id: v.pipe(v.string(), v.maxLength(64)),
  name: v.pipe(v.string(), v.maxLength(256)),
  sizeBytes: v.number(),
  owner: v.picklist(['LM Studio', 'Ollama', 'Hugging Face']),
});
export type FoundModel = v.InferOutput<typeof FoundModelSchema>;
