import { afterEach, describe, expect, it } from 'vitest';
import {
  closeStages,
  delta,
  END,
  event,
  json,
  stage,
  stream,
  type Odd,
} from '../../e2e/models/endpoint/endpoint-stage.ts';
import { jsonDecision } from '../../shared/inference/decision.ts';
import { plain } from '../../shared/testing/lane-acceptance.ts';

const NEVER = new AbortController().signal;
afterEach(closeStages);

/** As one that was asked for counts and sends none. */
const UNCOUNTED =
  delta('He') + delta('y') + event({ choices: [{ delta: {}, finish_reason: 'stop' }] }) + 'data: [DONE]\n\n';

describe('an endpoint that tells no counts', () => {
  it('is asked for those of the prompt, and sends each token of the answer by itself', async () => {
    const { script, connect, ask } = await stage();
    await connect();
    script.answer = (response) => void stream(response).end(UNCOUNTED);
    expect((await ask()).at(-1)).toMatchObject({
      kind: 'done',
      result: { text: 'Hey', promptTokens: 7, cachedTokens: 0, completionTokens: 2 },
    });
  });

  it('is not waited for, nor is an answer lost, where it will not count', async () => {
    const { script, connect, ask } = await stage({ stallMs: 300, totalMs: 20_000 });
    await connect();
    await ask();
    script.answer = (response) => void stream(response).end(UNCOUNTED);
    const odd: Odd[] = [
      (response) => json(response, { error: { message: 'busy' } }, 503),
      (response) => json(response, { choices: [] }),
    ];
    for (const count of odd) {
      script.count = count;
      expect((await ask()).at(-1)).toMatchObject({ result: { text: 'Hey', promptTokens: 0 } });
    }
  });

  it('is asked what is wrong where it ends a stream without a word', async () => {
    const { script, connect, ask } = await stage();
    await connect();
    await ask();
    script.answer = (response) => void stream(response).end();
    await expect(ask()).rejects.toMatchObject({ code: 'LaneDied' });
    script.count = (response) =>
      json(response, { error: { message: 'too long', code: 'context_length_exceeded' } }, 400);
    await expect(ask()).rejects.toMatchObject({ code: 'ContextOverflow' });
    script.answer = (response) => void stream(response).end(delta('Hi'));
    await expect(ask()).rejects.toMatchObject({ code: 'LaneDied' });
  });
});

describe('the server of llama-cpp-python', () => {
  const asPython = async () => {
    const staged = await stage();
    staged.script.models = (response) =>
      json(response, { data: [{ id: 'big', owned_by: 'me', permissions: [] }] });
    return { ...staged, offer: await staged.connect() };
  };

  it('is known by what it says of its models, and given our grammar', async () => {
    const { script, offer, ask, endpoint, model } = await asPython();
    expect(offer.server).toBe('llama-cpp-python');
    const { grammar, jsonSchema } = jsonDecision({ maxTextChars: 10, maxReasonChars: 10 });
    await ask({ ...plain('Hello', 8), grammar, jsonSchema });
    expect(script.bodies).toEqual([expect.objectContaining({ grammar, stream: true })]);
    expect(Object.keys(script.bodies[0] ?? {})).not.toContain('cache_prompt');
    expect((await endpoint.open(model, NEVER)).evidence).toMatch(/^llama-cpp-python at .* grammar$/);
  });

  it('is asked one thing at a time, a count too: it breaks an answer off for the next one', async () => {
    const { script, ask, endpoint, model } = await asPython();
    let atOnce = 0;
    let most = 0;
    const slowly: Odd = async (response) => {
      most = Math.max(most, (atOnce += 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      atOnce -= 1;
      stream(response).end(delta('Hi') + END);
    };
    script.answer = slowly;
    script.count = async (response, body) => {
      most = Math.max(most, atOnce + 1);
      await Promise.resolve(body);
      json(response, { usage: { prompt_tokens: 7 }, choices: [] });
    };
    const count = () => endpoint.countPromptTokens(model, [{ role: 'user', content: 'x' }], NEVER);
    script.models = (response) => {
      most = Math.max(most, atOnce + 1);
      json(response, { data: [{ id: 'big', owned_by: 'me', permissions: [] }] });
    };
    await Promise.all([ask(), count(), endpoint.open(model, NEVER), ask(), count()]);
    expect(most).toBe(1);
  });
});

describe('an endpoint that tells nothing about itself', () => {
  it('streams, counts as the server does, and keeps the key to itself', async () => {
    const { script, endpoint, model, kept, connect, ask, server } = await stage();
    expect(await connect()).toEqual({
      address: server.address,
      server: 'other',
      models: [{ id: model, name: 'big', contextTokens: 4_096 }],
    });
    const report = await endpoint.open(model, NEVER);
    expect(report).toMatchObject({ lane: 'endpoint', backend: 'remote', sentTo: server.address });
    expect(await ask()).toMatchObject([
      { kind: 'delta', text: 'Hel' },
      { kind: 'delta', text: 'lo' },
      { kind: 'done', result: { text: 'Hello', promptTokens: 5, completionTokens: 2, finishReason: 'stop' } },
    ]);
    expect(await endpoint.countPromptTokens(model, [{ role: 'user', content: 'x' }], NEVER)).toBe(7);
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

  it('has no model any more once it is forgotten', async () => {
    const { endpoint, model, connect, kept, ask } = await stage();
    await connect();
    await endpoint.forget();
    expect(kept.at(-1)).toBeUndefined();
    expect(endpoint.offer()).toBeUndefined();
    await expect(ask()).rejects.toMatchObject({ code: 'ModelNotFound' });
    await expect(endpoint.open(model, NEVER)).rejects.toMatchObject({ code: 'ModelNotFound' });
  });

  it('names a model that its server does not have any more, and a server that is gone', async () => {
    const { endpoint, model, script, connect, server } = await stage();
    await connect();
    script.models = (response) => json(response, { data: [{ id: 'other' }] });
    await expect(endpoint.open(model, NEVER)).rejects.toMatchObject({ code: 'ModelNotFound' });
    await server.close();
    await expect(endpoint.open(model, NEVER)).rejects.toMatchObject({ code: 'EndpointUnreachable' });
  });
});
