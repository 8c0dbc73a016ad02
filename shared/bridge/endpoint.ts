/** Owns what page and companion tell each other of an endpoint: a server of the OpenAI kind that the person runs. */
import * as v from 'valibot';

/**
 * Begins the ids by which the bridge calls a server's models. After it come a sign of the address and the server's own name:
 * a model of another server is another model, whatever it is called.
 */
export const ENDPOINT_MODEL = 'endpoint:';

const MAX_CONTEXT_TOKENS = 4_194_304;

/**
 * What a server showed itself to be. llama.cpp's own tells its context and counts tokens for us; the one of
 * llama-cpp-python knows its grammars, tells no counts, and breaks an answer off when anything else is asked of it.
 */
const EndpointServerSchema = v.picklist(['llama.cpp', 'llama-cpp-python', 'other']);

/** What the companion found there; the key is never part of it. */
export const EndpointOfferSchema = v.object({
  /** With its path, as `http://127.0.0.1:8080/v1`. */
  address: v.string(),
  server: EndpointServerSchema,
  models: v.array(
    v.object({
      /** As {@link ENDPOINT_MODEL} says. */
      id: v.string(),
      name: v.string(),
      contextTokens: v.number(),
    }),
  ),
});
export type EndpointOffer = v.InferOutput<typeof EndpointOfferSchema>;
export type EndpointModel = EndpointOffer['models'][number];

/** `http` or `https`, nothing that carries a secret or a question. */
export const EndpointAddressSchema = v.pipe(
  v.string(),
  v.trim(),
  v.maxLength(2_048),
  v.check((text) => URL.canParse(text), 'This is no address.'),
  v.transform((text) => new URL(text)),
  v.check(({ protocol }) => protocol === 'http:' || protocol === 'https:', 'http: or https: is needed.'),
  v.check(({ username, password }) => username === '' && password === '', 'The key has a field of its own.'),
  v.transform(({ origin, pathname }) => origin + (pathname === '/' ? '/v1' : pathname.replace(/\/+$/, ''))),
);

/** What the person sets up. */
export const EndpointParamsSchema = v.object({
  address: EndpointAddressSchema,
  /** Goes to the companion, and from there to the server; it never comes back. */
  key: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(4_096),
      v.regex(/^[\x21-\x7e]+$/, 'A key has no blanks and no special characters.'),
    ),
  ),
  /** For servers that do not tell theirs. */
  contextTokens: v.optional(v.pipe(v.number(), v.integer(), v.minValue(512), v.maxValue(MAX_CONTEXT_TOKENS))),
  /** The person knows that this address is not on their own network. */
  isPublicConfirmed: v.boolean(),
});
export type EndpointParams = v.InferOutput<typeof EndpointParamsSchema>;
