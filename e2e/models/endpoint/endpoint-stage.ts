/** Owns the stage of the endpoint's tests: a server of the OpenAI kind that tells nothing about itself and can be made odd. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Endpoint, type StoredEndpoint } from '../../../companion/endpoint/endpoint.ts';
import { ENDPOINT_MODEL } from '../../../shared/bridge/endpoint.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { GenerateChunk, GenerateRequest } from '../../../shared/inference/generate.ts';
import { plain } from '../../../shared/testing/lane-acceptance.ts';
import { listen, type LocalServer } from './recorded-session.ts';

const NEVER = new AbortController().signal;
/** As the companion calls the model `big` of this server. */
const idAt = (address: string): string =>
  `${ENDPOINT_MODEL}${createHash('sha256').update(address).digest('hex').slice(0, 8)}:big`;

export type Odd = (response: ServerResponse, body: Record<string, unknown>) => void | Promise<void>;

/** A server of the OpenAI kind that tells nothing about itself; each part can be made odd. */
interface Script {
  models?: Odd;
  answer?: Odd;
  embedding?: Odd;
  /** An answer that is not streamed. */
  count?: Odd;
  takesSchema: boolean;
  readonly bodies: Record<string, unknown>[];
  readonly keys: (string | undefined)[];
}

export const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
export const delta = (content: string, model = 'big'): string =>
  event({ model, choices: [{ delta: { content } }] });
export const END =
  event({ model: 'big', choices: [{ delta: {}, finish_reason: 'stop' }] }) +
  event({ model: 'big', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } }) +
  'data: [DONE]\n\n';
export const stream = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'text/event-stream' });
export const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

const servers: LocalServer[] = [];

export async function closeStages(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

/** An endpoint that knows no server yet, and the server; closed by {@link closeStages}. */
export async function stage(limits = { stallMs: 10_000, totalMs: 20_000 }) {
  const script: Script = { takesSchema: true, bodies: [], keys: [] };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    script.keys.push(request.headers.authorization);
    if (request.url === '/v1/models') {
      if (script.models) await script.models(response, {});
      else json(response, { data: [{ id: 'big', owned_by: 'me' }] });
      return;
    }
    let text = '';
    for await (const part of request as AsyncIterable<Buffer>) text += part.toString('utf8');
    const body = JSON.parse(text) as Record<string, unknown>;
    script.bodies.push(body);
    if (request.url === '/v1/embeddings') {
      if (script.embedding) await script.embedding(response, body);
      else json(response, { data: [{ index: 0, embedding: [3, 4] }], usage: { prompt_tokens: 2 } });
    } else if (body['stream'] === true && script.answer) await script.answer(response, body);
    else if (body['stream'] === true) stream(response).end(delta('Hel') + delta('lo') + END);
    else if ('response_format' in body && !script.takesSchema)
      json(response, { error: { message: 'response_format is not supported' } }, 400);
    else if (script.count) await script.count(response, body);
    else json(response, { usage: { prompt_tokens: 7 }, choices: [] });
  };
  const server = await listen(serve);
  servers.push(server);
  const kept: (StoredEndpoint | undefined)[] = [];
  const endpoint = new Endpoint(undefined, {
    clock: systemClock,
    lookup: () => Promise.reject(new Error('no names')),
    save: (stored) => {
      kept.push(stored);
      return Promise.resolve();
    },
    limits,
  });
  const model = idAt(server.address);
  const connect = () =>
    endpoint.connect({ address: server.address, key: 'k-1', isPublicConfirmed: false }, NEVER);
  const ask = async (request: GenerateRequest = plain('Hello', 8)): Promise<readonly GenerateChunk[]> => {
    const chunks: GenerateChunk[] = [];
    for await (const chunk of endpoint.generate(model, request, NEVER)) chunks.push(chunk);
    return chunks;
  };
  return { script, server, endpoint, model, kept, connect, ask };
}
