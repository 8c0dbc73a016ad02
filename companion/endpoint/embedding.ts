/** Owns the embedding of one text by the endpoint: what is asked, what a refusal of it means, and what counts as an answer. */
import * as v from 'valibot';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { defuseControlTokens } from '../../shared/inference/defuse-control.ts';
import { EmbeddingSchema, unitVector } from '../../shared/inference/embedding.ts';
import { malformed } from './endpoint-http.ts';

/** One text was sent, so one vector has to come. */
export const EmbeddingAnswerSchema = v.object({
  data: v.pipe(v.array(v.object({ embedding: v.array(v.unknown()) })), v.length(1)),
});

export function embeddingBody(model: string, text: string): unknown {
  return { model, input: defuseControlTokens(text) };
}

/** Statuses that say that there is no such thing at this address. */
const ABSENT: ReadonlySet<number> = new Set([404, 405, 501]);
/** As the known servers word it, under many statuses. */
const NOT_OFFERED = /\bnot\b.*\b(?:embed|pooling)|\b(?:embed|pooling).*\bnot\b/i;
/** A server says what is wrong in a line or two; a pattern that looks for two words takes long on megabytes. */
const MOST_MESSAGE_CHARS = 1_000;
const TOO_LONG = /too (?:large|long)|(?:maximum|exceeds? (?:the )?(?:available )?)\s*context/i;

export function embeddingRefusal(status: number, words: string): ErrorCode | undefined {
  const message = words.slice(0, MOST_MESSAGE_CHARS);
  if (status === 401 || status === 429) return undefined;
  if (ABSENT.has(status) || NOT_OFFERED.test(message)) return 'EmbeddingsUnsupported';
  return TOO_LONG.test(message) ? 'ContextOverflow' : undefined;
}

/** Throws `EndpointMalformed` for a vector without a direction, `EmbeddingsUnsupported` for one of each token. */
export function embeddingOf(url: URL, { data }: v.InferOutput<typeof EmbeddingAnswerSchema>): Float32Array {
  const embedding = data[0]?.embedding ?? [];
  if (Array.isArray(embedding[0]))
    throw new AppError('EmbeddingsUnsupported', `${url.host} gives vectors of the tokens, none of the text.`);
  // The first wrong one is enough: a hostile answer may hold millions.
  const parsed = v.safeParse(EmbeddingSchema, embedding, { abortEarly: true });
  if (!parsed.success) throw malformed(url, 'a vector that is none', new v.ValiError(parsed.issues));
  try {
    return unitVector(parsed.output);
  } catch (cause) {
    throw malformed(url, 'a vector without a direction', cause);
  }
}
