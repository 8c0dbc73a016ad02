import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { listen, type LocalServer } from '../../e2e/models/endpoint/recorded-session.ts';
import { ENDPOINT_MODEL } from '../../shared/bridge/endpoint.ts';
import { systemClock } from '../../shared/clock.ts';
import { jsonDecision } from '../../shared/inference/decision.ts';
import type { GenerateChunk, GenerateRequest } from '../../shared/inference/generate.ts';
import { plain } from '../../shared/testing/lane-acceptance.ts';
import { Endpoint, type StoredEndpoint } from './endpoint.ts';

const NEVER = new AbortController().signal;
const MODEL = `${ENDPOINT_MODEL}big`;

type Odd = (response: ServerResponse, body: Record<string, unknown>) => void | Promise<void>;

/** A server of the OpenAI kind that tells nothing about itself; each part can be made odd. */
interface Script {
  models?: Odd;
  answer?: Odd;
  takesSchema: boolean;
  readonly bodies: Record<string, unknown>[];
  readonly keys: (string | undefined)[];
}

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const delta = (content: string, model = 'big'): string => event({ model, choices: [{ delta: { content } }] });
const END =
  event({ model: 'big', choices: [{ delta: {}, finish_reason: 'stop' }] }) +
  event({ model: 'big', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } }) +
  'data: [DONE]\n\n';
const stream = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'text/event-stream' });
const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

const servers: LocalServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function stage(limits = { stallMs: 10_000, totalMs: 20_000 }) {
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
    if (body['stream'] === true && script.answer) await script.answer(response, body);
    else if (body['stream'] === true) stream(response).end(delta('Hel') + delta('lo') + END);
    else if ('response_format' in body && !script.takesSchema)
      json(response, { error: { message: 'response_format is not supported' } }, 400);
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
  const connect = () =>
    endpoint.connect({ address: server.address, key: 'k-1', isPublicConfirmed: false }, NEVER);
  const ask = async (request: GenerateRequest = plain('Hello', 8)): Promise<readonly GenerateChunk[]> => {
    const chunks: GenerateChunk[] = [];
    for await (const chunk of endpoint.generate(MODEL, request, NEVER)) chunks.push(chunk);
    return chunks;
  };
  return { script, server, endpoint, kept, connect, ask };
}

describe('an endpoint that tells nothing about itself', () => {
  it('streams, counts as the server does, and keeps the key to itself', async () => {
    const { script, endpoint, kept, connect, ask, server } = await stage();
    expect(await connect()).toEqual({
      address: server.address,
      server: 'other',
      models: [{ id: MODEL, name: 'big', contextTokens: 4_096 }],
    });
    const report = await endpoint.open(MODEL, NEVER);
    expect(report).toMatchObject({ lane: 'endpoint', backend: 'remote', sentTo: server.address });
    expect(await ask()).toMatchObject([
      { kind: 'delta', text: 'Hel' },
      { kind: 'delta', text: 'lo' },
      { kind: 'done', result: { text: 'Hello', promptTokens: 5, completionTokens: 2, finishReason: 'stop' } },
    ]);
    expect(await endpoint.countPromptTokens(MODEL, [{ role: 'user', content: 'x' }], NEVER)).toBe(7);
    expect(new Set(script.keys)).toEqual(new Set(['Bearer k-1']));
    expect(kept.at(-1)).toMatchObject({ key: 'k-1' });
    expect(JSON.stringify([endpoint.offer(), report])).not.toContain('k-1');
  });

  it('is given the decision as a JSON schema where it takes one, and nothing that it may not know', async () => {
    const { script, connect, ask } = await stage();
    await connect();
    const { grammar, jsonSchema } = jsonDecision({ maxTextChars: 10, maxReasonChars: 10 });
    await ask({ ...plain('Hello', 8), grammar, jsonSchema });
    const sent = script.bodies.at(-1);
    expect(sent).toMatchObject({ response_format: { type: 'json_schema' }, model: 'big', max_tokens: 8 });
    expect(Object.keys(sent ?? {})).not.toContain('grammar');
    await expect(ask({ ...plain('Hello', 8), grammar })).rejects.toMatchObject({ code: 'GrammarInvalid' });
  });

  it('is asked without a schema where it refuses one', async () => {
    const { script, connect, ask } = await stage();
    script.takesSchema = false;
    await connect();
    const { grammar, jsonSchema } = jsonDecision({ maxTextChars: 10, maxReasonChars: 10 });
    await ask({ ...plain('Hello', 8), grammar, jsonSchema });
    expect(Object.keys(script.bodies.at(-1) ?? {})).not.toContain('response_format');
  });

  it('breaks control tokens that somebody writes into the room', async () => {
    const { script, connect, ask } = await stage();
    await connect();
    await ask(plain('a<|im_end|>b</s><start_of_turn>[INST]', 8));
    expect(script.bodies.at(-1)).toMatchObject({
      messages: [{ content: 'a< |im_end|>b< /s>< start_of_turn>[ INST]' }],
    });
  });

  it.each<[string, Odd, string]>([
    ['a web page', (response) => void response.end('<p>Log in</p>'), 'EndpointMalformed'],
    ['no model', (response) => json(response, { data: [] }), 'EndpointRefused'],
    ['other JSON', (response) => json(response, { hello: 1 }), 'EndpointMalformed'],
    [
      'a redirect',
      (response) => void response.writeHead(307, { location: 'http://169.254.169.254/' }).end(),
      'EndpointRefused',
    ],
    [
      'a wish for another key',
      (response) => json(response, { error: { message: 'no' } }, 401),
      'EndpointRefused',
    ],
    ['an error of its own', (response) => json(response, { error: 'loading' }, 503), 'EndpointBusy'],
    ['nothing', (response) => void response.destroy(), 'EndpointUnreachable'],
    [
      'more than any list takes',
      (response) => {
        response.writeHead(200);
        response.on('error', () => undefined);
        for (let part = 0; part < 80; part += 1) response.write('x'.repeat(64 * 1024));
      },
      'EndpointMalformed',
    ],
  ])('is not set up when it answers with %s', async (_what, models, code) => {
    const { script, connect, kept } = await stage();
    script.models = models;
    await expect(connect()).rejects.toMatchObject({ code });
    expect(kept).toEqual([]);
  });

  it.each<[string, Odd, string]>([
    [
      'a web page',
      (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      'EndpointMalformed',
    ],
    [
      'another model',
      (response) => void stream(response).end(delta('Hi', 'small') + END),
      'EndpointMalformed',
    ],
    ['half a line', (response) => void stream(response).end('data: {"choices":[{"del'), 'LaneDied'],
    ['an end before the end', (response) => void stream(response).end(delta('Hi')), 'LaneDied'],
    [
      'a cut',
      (response) => {
        stream(response).write(delta('Hi'), () => response.destroy());
      },
      'LaneDied',
    ],
    ['no JSON', (response) => void stream(response).end('data: hello\n\n'), 'EndpointMalformed'],
    [
      'no counts',
      (response) =>
        void stream(response).end(
          event({ choices: [{ delta: { content: 'x' }, finish_reason: 'stop' }] }) + 'data: [DONE]\n\n',
        ),
      'EndpointMalformed',
    ],
    [
      'an error in the stream',
      (response) => void stream(response).end(event({ error: { message: 'out of memory' } })),
      'EndpointBusy',
    ],
    [
      'a line without an end',
      (response) => void stream(response).end(`data: ${'x'.repeat(400_000)}`),
      'EndpointMalformed',
    ],
    [
      'words without an end',
      (response) => {
        stream(response);
        const more = (): void => {
          if (!response.destroyed) response.write(delta('and so on '.repeat(20)), () => setImmediate(more));
        };
        more();
      },
      'EndpointMalformed',
    ],
    ['silence', (response) => void stream(response).write(delta('Hi')), 'TurnDeadlineExceeded'],
    [
      'a prompt that is too long for it',
      (response) => json(response, { error: { message: 'too long', code: 'context_length_exceeded' } }, 400),
      'ContextOverflow',
    ],
    [
      'too many requests',
      (response) => json(response, { error: { message: 'slow down' } }, 429),
      'EndpointBusy',
    ],
    [
      'a refusal',
      (response) => json(response, { error: { message: 'unknown field' } }, 400),
      'EndpointRefused',
    ],
  ])('is named when it answers a turn with %s, and serves the next', async (_what, answer, code) => {
    const { script, connect, ask } = await stage({ stallMs: 500, totalMs: 5_000 });
    await connect();
    script.answer = answer;
    await expect(ask()).rejects.toMatchObject({ code });
    delete script.answer;
    expect((await ask()).at(-1)).toMatchObject({ kind: 'done' });
  });

  it('lets no word of the server bring the key to the page', async () => {
    const { script, connect, ask } = await stage();
    script.models = (response) => json(response, { error: { message: 'bad key k-1!' } }, 401);
    await expect(connect()).rejects.toThrow('wants another key (401, bad key (the key)!)');
    delete script.models;
    await connect();
    script.answer = (response) => void stream(response).end(event({ error: { message: 'k-1 is over' } }));
    await expect(ask()).rejects.toThrow('(the key) is over');
  });

  it('has no model any more once it is forgotten', async () => {
    const { endpoint, connect, kept, ask } = await stage();
    await connect();
    await endpoint.forget();
    expect(kept.at(-1)).toBeUndefined();
    expect(endpoint.offer()).toBeUndefined();
    await expect(ask()).rejects.toMatchObject({ code: 'ModelNotFound' });
    await expect(endpoint.open(MODEL, NEVER)).rejects.toMatchObject({ code: 'ModelNotFound' });
  });

  it('names a model that its server does not have any more, and a server that is gone', async () => {
    const { endpoint, script, connect, server } = await stage();
    await connect();
    script.models = (response) => json(response, { data: [{ id: 'other' }] });
    await expect(endpoint.open(MODEL, NEVER)).rejects.toMatchObject({ code: 'ModelNotFound' });
    await server.close();
    await expect(endpoint.open(MODEL, NEVER)).rejects.toMatchObject({ code: 'EndpointUnreachable' });
  });
});
