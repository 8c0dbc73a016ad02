/** Owns the conversation with one OpenAI-compatible server: what it is, which models it has, answers and counts. */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { ENDPOINT_MODEL, type EndpointModel, type EndpointOffer } from '../../shared/bridge/endpoint.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import type { ChatMessage, GenerateChunk, GenerateRequest } from '../../shared/inference/generate.ts';
import {
  readAnswer,
  requestBody,
  jsonSchemaFormat,
  takesGrammar,
  wireMessages,
  type Dialect,
} from './completion.ts';
import { embeddingBody, embeddingOf, embeddingRefusal, EmbeddingAnswerSchema } from './embedding.ts';
import { exchange, exchangeJson, type EndpointAccess } from './endpoint-http.ts';

/** Where neither the server nor the person tells it: Ollama's own default. */
export const ASSUMED_CONTEXT_TOKENS = 4_096;
const MAX_MODELS = 256;
const MAX_SLOTS = 16;
const SIGN_CHARS = 8;
const NO_SCHEMA: ReadonlySet<ErrorCode> = new Set([
  'EndpointRefused',
  'EndpointBusy',
  'EndpointMalformed',
  'GrammarInvalid',
]);
/** Of a server that does not tell. */
const ASSUMED_SLOTS = 4;

const CountSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const ModelsSchema = v.object({
  data: v.pipe(
    v.array(
      v.object({
        id: v.pipe(v.string(), v.minLength(1), v.maxLength(512)),
        owned_by: v.optional(v.string()),
        /** llama-cpp-python. */
        permissions: v.optional(v.array(v.unknown())),
        /** vLLM. */
        max_model_len: v.nullish(CountSchema),
        /** llama.cpp. */
        meta: v.nullish(v.object({ n_ctx: v.nullish(CountSchema) })),
      }),
    ),
    v.maxLength(MAX_MODELS),
  ),
});
const PropsSchema = v.object({
  total_slots: CountSchema,
  default_generation_settings: v.object({ n_ctx: CountSchema }),
});
const TemplateSchema = v.object({ prompt: v.string() });
const TokensSchema = v.object({ tokens: v.array(v.unknown()) });
const UsageSchema = v.object({ usage: v.object({ prompt_tokens: CountSchema }) });

export interface ServerFacts {
  readonly offer: EndpointOffer;
  /** Requests that it answers at once. */
  readonly slots: number;
}

export class EndpointServer {
  readonly #access: EndpointAccess;

  constructor(access: EndpointAccess) {
    this.#access = access;
  }

  get address(): string {
    return this.#access.address;
  }

  /** The server's own name of a model; undefined for one of another server. */
  nameOf(modelId: string): string | undefined {
    return modelId.startsWith(this.#prefix) ? modelId.slice(this.#prefix.length) : undefined;
  }

  get #prefix(): string {
    const sign = createHash('sha256').update(this.address).digest('hex').slice(0, SIGN_CHARS);
    return `${ENDPOINT_MODEL}${sign}:`;
  }

  /** Asks what is there. Rejects with the named errors of an endpoint. */
  async describe(contextTokens: number | undefined, signal: AbortSignal): Promise<ServerFacts> {
    const { data } = await this.#json('/models', ModelsSchema, signal);
    const first = data.at(0);
    if (!first) throw new AppError('EndpointRefused', `${this.#url('').host} has no model.`);
    const props = first.owned_by === 'llamacpp' ? await this.#props(signal) : undefined;
    const isPython = first.owned_by === 'me' && first.permissions !== undefined;
    const server = props ? 'llama.cpp' : isPython ? 'llama-cpp-python' : 'other';
    const told = props?.default_generation_settings.n_ctx;
    const models = data.map(({ id, max_model_len: vllm, meta }): EndpointModel => ({
      id: this.#prefix + id,
      // llama.cpp calls a model by the path of its file.
      name: id.split('/').at(-1) ?? id,
      contextTokens: told ?? meta?.n_ctx ?? vllm ?? contextTokens ?? ASSUMED_CONTEXT_TOKENS,
    }));
    return {
      offer: { address: this.address, server, models },
      slots: isPython ? 1 : Math.min(MAX_SLOTS, props?.total_slots ?? ASSUMED_SLOTS),
    };
  }

  /**
   * What this model of it can be asked for. A server may have to load the model for that, and one of several may be no
   * model that talks: so it is asked of the one that is used.
   */
  async dialectOf(model: string, server: Dialect['server'], signal: AbortSignal): Promise<Dialect> {
    return {
      server,
      hasJsonSchema: takesGrammar({ server }) || (await this.#takesJsonSchema(model, signal)),
    };
  }

  /** Rejects with the named errors of an endpoint and of a generation. */
  async complete(
    model: string,
    request: GenerateRequest,
    dialect: Dialect,
    push: (chunk: GenerateChunk) => void,
    alive: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { clock } = this.#access;
    const startedMs = clock.monotonicMs();
    const url = this.#url('/chat/completions');
    const body = requestBody(model, request, dialect);
    const response = await exchange(this.#access, { url, body, signal });
    const { maxTokens, messages } = request;
    const { key } = this.#access;
    // It has just read this prompt, and begins with what it knows of it.
    const countPrompt =
      dialect.server === 'llama.cpp'
        ? undefined
        : (within: AbortSignal) => this.countPromptTokens(model, messages, dialect, within);
    const deps = { url, model, key, maxTokens, clock, startedMs, signal, alive, countPrompt };
    await readAnswer(response, deps, push);
  }

  /** As the server counts: llama.cpp tells without thinking; any other is asked for one token. */
  async countPromptTokens(
    model: string,
    messages: readonly ChatMessage[],
    dialect: Dialect,
    signal: AbortSignal,
  ): Promise<number> {
    const wire = wireMessages(messages);
    if (dialect.server !== 'llama.cpp') {
      const body = { model, messages: wire, max_tokens: 1, temperature: 0 };
      return (await this.#json('/chat/completions', UsageSchema, signal, body)).usage.prompt_tokens;
    }
    const { prompt } = await this.#own('/apply-template', TemplateSchema, signal, { model, messages: wire });
    const body = { model, content: prompt, add_special: true, parse_special: true };
    return (await this.#own('/tokenize', TokensSchema, signal, body)).tokens.length;
  }

  /** A vector of length 1. Rejects with the named errors of an endpoint, `EmbeddingsUnsupported` or `ContextOverflow`. */
  async embed(model: string, text: string, signal: AbortSignal): Promise<Float32Array> {
    const url = this.#url('/embeddings');
    const wanted = { url, schema: EmbeddingAnswerSchema, signal, refusal: embeddingRefusal };
    return embeddingOf(
      url,
      await exchangeJson(this.#access, { ...wanted, body: embeddingBody(model, text) }),
    );
  }

  async #takesJsonSchema(model: string, signal: AbortSignal): Promise<boolean> {
    const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
    const body = {
      model,
      messages: [{ role: 'user', content: 'ok?' }],
      max_tokens: 1,
      response_format: jsonSchemaFormat({ ...schema, additionalProperties: false }),
    };
    try {
      await this.#json('/chat/completions', UsageSchema, signal, body);
      return true;
    } catch (error) {
      // Servers say in many ways that they do not know it.
      if (error instanceof AppError && NO_SCHEMA.has(error.code)) return false;
      throw error;
    }
  }

  async #props(signal: AbortSignal): Promise<v.InferOutput<typeof PropsSchema> | undefined> {
    try {
      return await this.#own('/props', PropsSchema, signal);
    } catch (error) {
      // Behind a proxy that lets only the standard paths through it is as any other.
      if (error instanceof AppError && /^Endpoint(Refused|Malformed)$/.test(error.code)) return undefined;
      throw error;
    }
  }

  #url(path: string): URL {
    return new URL(this.address + path);
  }

  #json<T>(
    path: string,
    schema: v.GenericSchema<unknown, T>,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<T> {
    return exchangeJson(this.#access, { url: this.#url(path), schema, signal, body });
  }

  /** Paths of llama.cpp itself stand beside the standard ones. */
  #own<T>(
    path: string,
    schema: v.GenericSchema<unknown, T>,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<T> {
    const url = new URL(this.address.replace(/\/v1$/, '') + path);
    return exchangeJson(this.#access, { url, schema, signal, body });
  }
}
