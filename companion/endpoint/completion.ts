/** Owns one streamed answer of the endpoint: what is asked of it, and how its events become our chunks. */
import type { IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';
import * as v from 'valibot';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { defuseControlTokens } from '../../shared/inference/defuse-control.ts';
import type {
  ChatMessage,
  GenerateChunk,
  GenerateRequest,
  GenerateResult,
} from '../../shared/inference/generate.ts';
import type { EndpointOffer } from '../../shared/bridge/endpoint.ts';
import { aborted, malformed, withoutKey } from './endpoint-http.ts';

export interface Dialect {
  readonly server: EndpointOffer['server'];
  readonly hasJsonSchema: boolean;
}

/** GBNF is llama.cpp's own, and llama-cpp-python's. */
export function takesGrammar({ server }: Pick<Dialect, 'server'>): boolean {
  return server !== 'other';
}

/** Of one event, and of what has not become one yet. */
const MAX_EVENT_CHARS = 256 * 1024;
/** Of a whole answer, what stands around its words included. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Shares of a prompt that are told. */
const PROGRESS_STEPS = 100;
/** Far more than a token ever is: a server that goes on behind `max_tokens` is cut. */
const MAX_CHARS_PER_TOKEN = 256;
/** It has just read that prompt. */
const COUNT_WITHIN_MS = 5_000;

export function wireMessages(messages: readonly ChatMessage[]): ChatMessage[] {
  return messages.map(({ role, content }) => ({ role, content: defuseControlTokens(content) }));
}

/** Throws `GrammarInvalid` for a grammar that this server cannot be given in any form. */
export function requestBody(model: string, request: GenerateRequest, dialect: Dialect): unknown {
  const { messages, sampling, maxTokens, grammar, jsonSchema, stop } = request;
  const { temperature, topP, topK, repeatPenalty, seed } = sampling;
  const isLlama = takesGrammar(dialect);
  if (grammar !== undefined && !isLlama && jsonSchema === undefined)
    throw new AppError('GrammarInvalid', 'This server takes no grammar in GBNF.');
  return {
    model,
    messages: wireMessages(messages),
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: maxTokens,
    temperature,
    ...(topP !== undefined && { top_p: topP }),
    ...(seed !== undefined && { seed }),
    ...(stop && { stop }),
    // A server that does not know a field may refuse the request for it.
    ...(dialect.server === 'llama.cpp' && { return_progress: true, cache_prompt: true }),
    ...(isLlama && {
      ...(topK !== undefined && { top_k: topK }),
      ...(repeatPenalty !== undefined && { repeat_penalty: repeatPenalty }),
      ...(grammar !== undefined && { grammar }),
    }),
    ...(!isLlama &&
      dialect.hasJsonSchema &&
      jsonSchema !== undefined && { response_format: jsonSchemaFormat(JSON.parse(jsonSchema)) }),
  };
}

export function jsonSchemaFormat(schema: unknown): unknown {
  return { type: 'json_schema', json_schema: { name: 'decision', strict: true, schema } };
}

const CountSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const UsageSchema = v.object({
  prompt_tokens: CountSchema,
  completion_tokens: CountSchema,
  prompt_tokens_details: v.nullish(v.object({ cached_tokens: v.nullish(CountSchema) })),
});
const EventSchema = v.object({
  model: v.optional(v.string()),
  choices: v.array(
    v.object({
      delta: v.optional(v.object({ content: v.nullish(v.string()) })),
      finish_reason: v.nullish(v.string()),
    }),
  ),
  usage: v.nullish(UsageSchema),
  prompt_progress: v.optional(v.object({ total: CountSchema, processed: CountSchema })),
});
const ErrorEventSchema = v.object({ error: v.object({ message: v.string() }) });

type CountPrompt = (signal: AbortSignal) => Promise<number>;

export interface AnswerDeps {
  readonly url: URL;
  readonly model: string;
  readonly key: string | undefined;
  readonly maxTokens: number;
  readonly clock: Clock;
  readonly startedMs: number;
  readonly signal: AbortSignal;
  /** Bytes came. */
  alive(): void;
  /** Of a server that need not tell counts: how long its prompt was. */
  readonly countPrompt?: CountPrompt | undefined;
}

/**
 * Pushes deltas and the final result. Rejects with `EndpointMalformed` for what is no such stream, `LaneDied` where it
 * ends too early, `Aborted`, or as `countPrompt` does.
 */
export async function readAnswer(
  response: IncomingMessage,
  deps: AnswerDeps,
  push: (chunk: GenerateChunk) => void,
): Promise<void> {
  const { url, clock, signal } = deps;
  if (!(response.headers['content-type'] ?? '').includes('text/event-stream')) {
    response.destroy();
    throw malformed(url, 'no stream of events');
  }
  const answer = new Answer(deps, push);
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARS,
    onEvent: ({ data }) => {
      answer.take(data);
    },
    onError: (error) => {
      // Unknown fields are the standard's to ignore.
      if (error.type === 'max-buffer-size-exceeded') throw malformed(url, 'a line without an end');
    },
  });
  const decoder = new TextDecoder();
  let sizeBytes = 0;
  try {
    for await (const bytes of response as AsyncIterable<Uint8Array>) {
      deps.alive();
      sizeBytes += bytes.length;
      if (sizeBytes > MAX_ANSWER_BYTES) throw malformed(url, 'more than any answer takes');
      parser.feed(decoder.decode(bytes, { stream: true }));
      if (answer.isOver) break;
    }
  } catch (error) {
    if (signal.aborted) throw aborted(signal);
    if (error instanceof AppError) throw error;
    throw new AppError('LaneDied', `${url.host} ended the connection in the middle of an answer.`, {
      cause: error,
    });
  } finally {
    response.destroy();
  }
  push({ kind: 'done', result: await answer.result(clock.monotonicMs()) });
}

/** What has come of an answer so far. */
class Answer {
  readonly #deps: AnswerDeps;
  readonly #push: (chunk: GenerateChunk) => void;
  #text = '';
  #pieces = 0;
  #toldStep = -1;
  #firstMs: number | undefined;
  #finishReason: 'stop' | 'length' | undefined;
  #usage: v.InferOutput<typeof UsageSchema> | undefined;
  isOver = false;

  constructor(deps: AnswerDeps, push: (chunk: GenerateChunk) => void) {
    this.#deps = deps;
    this.#push = push;
  }

  take(data: string): void {
    const { url, model, maxTokens, clock } = this.#deps;
    if (data === '[DONE]') {
      this.isOver = true;
      return;
    }
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), EventSchema), data);
    if (!parsed.success) throw eventProblem(url, withoutKey(data, this.#deps.key));
    const { choices, usage, prompt_progress: progress, model: told } = parsed.output;
    // Some add the date of the version to the name.
    if (told !== undefined && told !== '' && !told.startsWith(model))
      throw malformed(
        url,
        `the model ${withoutKey(told, this.#deps.key).slice(0, 100)} where ${model} was asked for`,
      );
    if (progress) this.#tell(progress);
    for (const { delta, finish_reason: reason } of choices) {
      const text = delta?.content ?? '';
      if (text !== '') {
        this.#firstMs ??= clock.monotonicMs();
        this.#text += text;
        this.#pieces += 1;
        if (this.#text.length > maxTokens * MAX_CHARS_PER_TOKEN)
          throw malformed(url, 'far more than was asked for');
        this.#push({ kind: 'delta', text });
      }
      if (typeof reason === 'string') this.#finishReason = reason === 'length' ? 'length' : 'stop';
    }
    if (usage) this.#usage = usage;
  }

  /** Only when it has grown: what waits for a slow page is not bounded. */
  #tell({ processed, total }: { readonly processed: number; readonly total: number }): void {
    const promptTokensDone = Math.min(processed, total);
    const step = Math.floor((PROGRESS_STEPS * promptTokensDone) / Math.max(1, total));
    if (step <= this.#toldStep) return;
    this.#toldStep = step;
    this.#push({ kind: 'progress', promptTokensDone, promptTokens: total });
  }

  async result(nowMs: number): Promise<GenerateResult> {
    const { url, startedMs, countPrompt, signal } = this.#deps;
    const finishReason = this.#finishReason;
    // Whoever begins the stream before it looks at the prompt ends it without a word, and tells why when it is asked so.
    if (finishReason === undefined && this.#pieces === 0) await countPrompt?.(signal);
    if (finishReason === undefined)
      throw new AppError('LaneDied', `${url.host} ended the answer before its end.`);
    return {
      text: this.#text,
      finishReason,
      ...(await this.#counts()),
      firstTokenMs: (this.#firstMs ?? nowMs) - startedMs,
      totalMs: nowMs - startedMs,
    };
  }

  async #counts(): Promise<Pick<GenerateResult, 'promptTokens' | 'cachedTokens' | 'completionTokens'>> {
    const { url, countPrompt } = this.#deps;
    const usage = this.#usage;
    if (usage) {
      const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = usage;
      const cachedTokens = usage.prompt_tokens_details?.cached_tokens ?? 0;
      return { promptTokens, cachedTokens, completionTokens };
    }
    if (!countPrompt) throw malformed(url, 'no counts of tokens');
    // Such a server sends every token as it comes.
    return {
      promptTokens: await this.#counted(countPrompt),
      cachedTokens: 0,
      completionTokens: this.#pieces,
    };
  }

  /** 0 where it does not say: the answer is here, and no count is worth losing it. */
  async #counted(countPrompt: CountPrompt): Promise<number> {
    const { clock, signal } = this.#deps;
    const late = new AbortController();
    const cancel = clock.after(COUNT_WITHIN_MS, () => {
      late.abort();
    });
    try {
      return await countPrompt(AbortSignal.any([signal, late.signal]));
    } catch {
      if (signal.aborted) throw aborted(signal);
      return 0;
    } finally {
      cancel();
    }
  }
}

function eventProblem(url: URL, data: string): AppError {
  const refused = v.safeParse(v.pipe(v.string(), v.parseJson(), ErrorEventSchema), data);
  if (!refused.success) return malformed(url, 'an event that cannot be read');
  return new AppError(
    'EndpointBusy',
    `${url.host} gave the answer up: ${refused.output.error.message.slice(0, 300)}`,
  );
}
