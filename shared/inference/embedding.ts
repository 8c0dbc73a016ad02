/** Owns what a text and its embedding may be on every lane, and the unit length that all of them give it. */
import * as v from 'valibot';
import { AppError } from '../errors.ts';

/**
 * The lanes that evaluate here read a text in one batch, as mean pooling asks for; the memory of a batch grows with the
 * vocabulary: 300 MB of logits for this many tokens of 150,000 kinds.
 */
export const MAX_EMBED_TOKENS = 512;
/** Held against a text before any tokenizer sees it. */
export const MAX_EMBED_CHARS = 32_000;
/** As JSON it fits in one message of the bridge. Models of 70B have this many. */
export const MAX_EMBEDDING_DIMENSIONS = 8_192;

export const EmbedTextSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_EMBED_CHARS));
export const EmbeddingSchema = v.pipe(
  v.array(v.pipe(v.number(), v.finite())),
  v.minLength(1),
  v.maxLength(MAX_EMBEDDING_DIMENSIONS),
);

/** Throws `ContextOverflow` for a text that no edge lets through, `Internal` for none at all. */
export function requireEmbeddable(text: string): void {
  if (text === '') throw new AppError('Internal', 'Nothing was given to embed.');
  if (text.length > MAX_EMBED_CHARS)
    throw new AppError(
      'ContextOverflow',
      `The text has ${text.length} characters; at most ${MAX_EMBED_CHARS} can be embedded.`,
    );
}

/** The same direction with length 1. Throws `EmbeddingsUnsupported` for one that has no direction, or is no embedding. */
export function unitVector(vector: ArrayLike<number>): Float32Array<ArrayBuffer> {
  if (vector.length === 0 || vector.length > MAX_EMBEDDING_DIMENSIONS)
    throw new AppError('EmbeddingsUnsupported', `The model gave a vector of ${vector.length} dimensions.`);
  const values = Array.from(vector);
  if (!values.every(Number.isFinite))
    throw new AppError('EmbeddingsUnsupported', 'The model gave a vector that is not all numbers.');
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) throw new AppError('EmbeddingsUnsupported', 'The model gave a vector of zeros.');
  // The squares of very large or small values are no numbers any more; those of their shares are.
  const shares = values.map((value) => value / largest);
  const length = Math.sqrt(shares.reduce((sum, share) => sum + share * share, 0));
  return Float32Array.from(shares, (share) => share / length);
}
