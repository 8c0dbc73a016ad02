/** Owns one HTTP exchange with the endpoint: to a pinned address, no redirect, no more bytes than announced here. */
import type { IncomingMessage } from 'node:http';
import * as v from 'valibot';
import type { Clock } from '../../shared/clock.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { connectionFailure, sendPinned } from './pinned-request.ts';
import { pinAddresses, type Lookup } from './reach.ts';

export interface EndpointAccess {
  /** Without a slash at its end. */
  readonly address: string;
  readonly key?: string | undefined;
  readonly isPublicConfirmed: boolean;
  readonly lookup: Lookup;
  readonly clock: Clock;
}

/** Of an answer that is no stream. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

interface Exchange {
  readonly url: URL;
  /** JSON; without one it is a GET. */
  readonly body?: unknown;
  readonly signal: AbortSignal;
  /** What a refusal is called where it means something else than elsewhere. */
  readonly refusal?: ((status: number, message: string) => ErrorCode | undefined) | undefined;
}

/** Resolves with the answer's head, whatever its status below 300. Rejects with the named errors of an endpoint, or `Aborted`. */
export async function exchange(
  access: EndpointAccess,
  { url, body, signal, refusal }: Exchange,
): Promise<IncomingMessage> {
  const addresses = await pinAddresses(url, access);
  if (signal.aborted) throw aborted(signal);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const response = await sendPinned({
    url,
    method: text === undefined ? 'GET' : 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      ...(access.key !== undefined && { authorization: `Bearer ${access.key}` }),
      ...(text !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      }),
    },
    body: text,
    addresses,
    clock: access.clock,
    signal,
  }).catch((cause: unknown) => {
    throw signal.aborted ? aborted(signal) : unreachable(url, cause);
  });
  const { statusCode = 0 } = response;
  if (statusCode >= 200 && statusCode < 300) return response;
  if (statusCode < 400) response.destroy();
  const words = statusCode >= 400 ? await readText(response, signal).catch(() => '') : '';
  throw refusalOf(url, statusCode, withoutKey(words, access.key), refusal);
}

/** The whole answer against its schema. Rejects with `EndpointMalformed` for anything else. */
export async function exchangeJson<T>(
  access: EndpointAccess,
  wanted: Exchange & { readonly schema: v.GenericSchema<unknown, T> },
): Promise<T> {
  const text = await readText(await exchange(access, wanted), wanted.signal);
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    throw malformed(wanted.url, 'no JSON', cause);
  }
  const parsed = v.safeParse(wanted.schema, answer);
  if (parsed.success) return parsed.output;
  throw malformed(
    wanted.url,
    'something else than an OpenAI-compatible server would',
    new v.ValiError(parsed.issues),
  );
}

/** No word of a server brings the key to a page or a log; before anything is cut, which would leave a part of it. */
export function withoutKey(text: string, key: string | undefined): string {
  return key === undefined ? text : text.replaceAll(key, '(the key)');
}

export function malformed(url: URL, what: string, cause?: unknown): AppError {
  return new AppError('EndpointMalformed', `${url.host} answered with ${what}.`, { cause });
}

async function readText(response: IncomingMessage, signal: AbortSignal): Promise<string> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      sizeBytes += part.length;
      if (sizeBytes > MAX_ANSWER_BYTES)
        throw new AppError('EndpointMalformed', 'The server sent more than any answer takes.');
      parts.push(part);
    }
  } catch (error) {
    if (signal.aborted) throw aborted(signal);
    if (error instanceof AppError) throw error;
    throw new AppError(
      'EndpointUnreachable',
      'The server ended the connection in the middle of its answer.',
      {
        cause: error,
      },
    );
  } finally {
    response.destroy();
  }
  return Buffer.concat(parts).toString('utf8');
}

const RefusalSchema = v.object({
  error: v.union([
    v.pipe(
      v.string(),
      v.transform((message) => ({ message, type: undefined, code: undefined })),
    ),
    v.object({
      message: v.string(),
      type: v.nullish(v.string()),
      code: v.nullish(v.union([v.string(), v.number()])),
    }),
  ]),
});

/** Of the server's own words so many are shown. */
const SHOWN_CHARS = 300;

function refusalOf({ host }: URL, status: number, text: string, refusal: Exchange['refusal']): AppError {
  if (status >= 300 && status < 400)
    return new AppError('EndpointRefused', `${host} sends elsewhere (${status}), which is not followed.`);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), RefusalSchema), text);
  const { message = '', type, code } = parsed.success ? parsed.output.error : {};
  const words = message === '' ? `status ${status}` : `${status}, ${message.slice(0, SHOWN_CHARS)}`;
  const named = refusal?.(status, message);
  if (named !== undefined) return new AppError(named, `${host}: ${words}`);
  if (type === 'exceed_context_size_error' || code === 'context_length_exceeded')
    return new AppError('ContextOverflow', `${host}: ${words}`);
  if (status === 400 && /grammar/i.test(message)) return new AppError('GrammarInvalid', `${host}: ${words}`);
  if (status === 401 || status === 403)
    return new AppError('EndpointRefused', `${host} wants another key (${words}).`);
  if (status === 429 || status >= 500)
    return new AppError('EndpointBusy', `${host} cannot serve now (${words}).`);
  return new AppError('EndpointRefused', `${host} refused (${words}).`);
}

function unreachable({ host }: URL, cause: unknown): AppError {
  return new AppError('EndpointUnreachable', `${host} does not answer (${connectionFailure(cause)}).`, {
    cause,
  });
}

export function aborted(signal: AbortSignal): AppError {
  const reason: unknown = signal.reason;
  return reason instanceof AppError
    ? reason
    : new AppError('Aborted', 'The request was stopped.', { cause: reason });
}
