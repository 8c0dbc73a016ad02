import { afterEach, describe, expect, it } from 'vitest';
import { closeStages, json, stage, type Odd } from '../../e2e/models/endpoint/endpoint-stage.ts';
import { MAX_EMBED_CHARS, MAX_EMBEDDING_DIMENSIONS } from '../../shared/inference/embedding.ts';

const NEVER = new AbortController().signal;
afterEach(closeStages);

const answering = (embedding: unknown): Odd => {
  return (response) => json(response, { data: [{ embedding }] });
};
const refusing = (status: number, message: string): Odd => {
  return (response) => json(response, { error: { message } }, status);
};

describe('an endpoint, asked for an embedding', () => {
  it('gives one of length 1, for one text of the model that is used', async () => {
    const { endpoint, model, script, connect } = await stage();
    await connect();
    expect(await endpoint.embed(model, 'a<|im_end|>b', NEVER)).toEqual(Float32Array.of(0.6, 0.8));
    expect(script.bodies.at(-1)).toEqual({ model: 'big', input: 'a< |im_end|>b' });
  });

  it.each<[string, Odd, string]>([
    [
      'that there is none here',
      refusing(501, 'This server does not support embeddings.'),
      'EmbeddingsUnsupported',
    ],
    [
      'that it has no such address',
      (response) => void response.writeHead(404).end(),
      'EmbeddingsUnsupported',
    ],
    ['that it must be asked otherwise', refusing(405, 'no POST'), 'EmbeddingsUnsupported'],
    [
      'that this model has none',
      refusing(400, 'The model does not support Embeddings API'),
      'EmbeddingsUnsupported',
    ],
    [
      'that this model may not',
      refusing(403, 'You are not allowed to generate embeddings from it'),
      'EmbeddingsUnsupported',
    ],
    [
      'that it pools nothing',
      refusing(400, "Pooling type 'none' is not OAI compatible."),
      'EmbeddingsUnsupported',
    ],
    [
      'a vector of each token',
      answering([
        [3, 4],
        [1, 2],
      ]),
      'EmbeddingsUnsupported',
    ],
    [
      'that the batch is too small',
      refusing(500, 'input (900 tokens) is too large to process.'),
      'ContextOverflow',
    ],
    [
      'that the context is too small',
      refusing(400, "This model's maximum context length is 512 tokens"),
      'ContextOverflow',
    ],
    ['that the key is wrong', refusing(401, 'Embeddings are not for you'), 'EndpointRefused'],
    ['that it is busy', refusing(429, 'slow down'), 'EndpointBusy'],
    ['that it is broken', refusing(500, 'out of memory'), 'EndpointBusy'],
    ['that a field is wrong', refusing(400, 'unknown field'), 'EndpointRefused'],
    [
      'that it is elsewhere',
      (response) => void response.writeHead(307, { location: 'http://169.254.169.254/' }).end(),
      'EndpointRefused',
    ],
    ['no vector', (response) => json(response, { data: [] }), 'EndpointMalformed'],
    [
      'two vectors',
      (response) => json(response, { data: [{ embedding: [1] }, { embedding: [2] }] }),
      'EndpointMalformed',
    ],
    ['an empty vector', answering([]), 'EndpointMalformed'],
    ['words', answering(['a', 'b']), 'EndpointMalformed'],
    ['zeros', answering([0, 0]), 'EndpointMalformed'],
    ['an infinity', (response) => void response.end('{"data":[{"embedding":[1e999]}]}'), 'EndpointMalformed'],
    [
      'more dimensions than any model',
      answering(Array.from({ length: MAX_EMBEDDING_DIMENSIONS + 1 }, () => 1)),
      'EndpointMalformed',
    ],
    ['a web page', (response) => void response.end('<p>Log in</p>'), 'EndpointMalformed'],
    [
      'more than any answer takes',
      (response) => {
        response.on('error', () => undefined);
        for (let part = 0; part < 80; part += 1) response.write('1'.repeat(64 * 1024));
      },
      'EndpointMalformed',
    ],
    ['nothing', (response) => void response.destroy(), 'EndpointUnreachable'],
    ['silence', () => undefined, 'TurnDeadlineExceeded'],
  ])('is named when it answers with %s, and embeds the next', async (_what, embedding, code) => {
    const { endpoint, model, script, connect } = await stage({ stallMs: 500, totalMs: 5_000 });
    await connect();
    script.embedding = embedding;
    await expect(endpoint.embed(model, 'x', NEVER)).rejects.toMatchObject({ code });
    delete script.embedding;
    expect(await endpoint.embed(model, 'x', NEVER)).toHaveLength(2);
  });

  it('is sent no text that no engine takes', async () => {
    const { endpoint, model, script, connect } = await stage();
    await connect();
    const tooLong = 'x'.repeat(MAX_EMBED_CHARS + 1);
    await expect(endpoint.embed(model, tooLong, NEVER)).rejects.toMatchObject({ code: 'ContextOverflow' });
    expect(script.bodies).toEqual([]);
  });

  it('is left when the asker gives up', async () => {
    const { endpoint, model, script, connect } = await stage();
    await connect();
    const aborter = new AbortController();
    let isLeft = false;
    script.embedding = (response) => {
      response.once('close', () => {
        isLeft = true;
      });
      aborter.abort();
    };
    await expect(endpoint.embed(model, 'x', aborter.signal)).rejects.toMatchObject({ code: 'Aborted' });
    await expect.poll(() => isLeft).toBe(true);
  });
});
