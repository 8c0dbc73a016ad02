/** Owns where a model comes from, and what is remembered of it so that it is found again after a reload. */
import type { ModelOffer } from '../../../shared/bridge/messages.ts';
import type { MlcFacts } from '../../../shared/models/mlc-lists.ts';

/** A model that a lane has loaded once; plain data, to be stored. */
export interface RememberedModel {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly starter: boolean;
  /** Set for a model of several files. */
  readonly bundle?: BundleRef | undefined;
}

export interface BundleRef {
  /** Of the folder that its files stand in. */
  readonly id: string;
  /** Set where MLC compiled it; else it is a GGUF file in several. */
  readonly mlc?: MlcFacts | undefined;
}

/** One of the person's own server: nothing of it is here. */
export interface EndpointModelRef {
  readonly id: string;
  readonly name: string;
  readonly address: string;
}

/** A file of another program, that the companion has not taken over yet. */
export interface FoundModelRef {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
}

/** What ends as a file in the engine. */
export type FileSource =
  /** One the companion has; its bytes are fetched from `offer.path` where this browser needs them. */
  | { readonly kind: 'offer'; readonly offer: ModelOffer }
  /** Dropped or chosen by the person. */
  | { readonly kind: 'file'; readonly file: File }
  | { readonly kind: 'remembered'; readonly model: RememberedModel };

export type ModelSource =
  | FileSource
  | { readonly kind: 'found'; readonly found: FoundModelRef }
  | { readonly kind: 'endpoint'; readonly model: EndpointModelRef };

/** A model that can be opened again later: plain data, to be stored. */
export type KnownModel = Extract<ModelSource, { readonly model: unknown }>;

/**
 * Where a model that was opened once comes from the next time. By then its bytes are in this browser, and a dropped file
 * may be gone; what the companion has can be had from it again, should the browser have lost them.
 */
export function sourceAgain(source: FileSource, model: RememberedModel): FileSource {
  return source.kind === 'offer' ? source : { kind: 'remembered', model };
}
