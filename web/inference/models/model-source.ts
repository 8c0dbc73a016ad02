/** Owns where a model comes from, and what is remembered of it so that it is found again after a reload. */
import type { ModelOffer } from '../../../shared/bridge/messages.ts';

/** A model that a lane has loaded once; plain data, to be stored. */
export interface RememberedModel {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly starter: boolean;
}

export type ModelSource =
  /** One the companion has; its bytes are fetched from `offer.path` where this browser needs them. */
  | { readonly kind: 'offer'; readonly offer: ModelOffer }
  /** Dropped or chosen by the person. */
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'remembered'; readonly model: RememberedModel };
