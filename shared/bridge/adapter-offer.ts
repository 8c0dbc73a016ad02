/** Owns what the companion tells a page of the LoRA adapters that it can put on a model. */
import * as v from 'valibot';
import { AdapterProvenanceSchema } from '../inference/genome/adapter-header.ts';
import { AdapterIdSchema } from '../inference/genome/adapters.ts';

/** With all that their files may say of themselves, as many fit in one message. */
export const MAX_ADAPTER_OFFERS = 32;

export const AdapterOfferSchema = v.object({
  /** SHA-256 of the file: what a request names. */
  id: AdapterIdSchema,
  name: v.pipe(v.string(), v.maxLength(256)),
  sizeBytes: v.number(),
  /** Only a model of the same architecture can take it. */
  architecture: v.pipe(v.string(), v.maxLength(64)),
  provenance: v.optional(AdapterProvenanceSchema),
});
export type AdapterOffer = v.InferOutput<typeof AdapterOfferSchema>;
