import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { Endpoint } from './endpoint.ts';
import {
  closeStages,
  delta,
  END,
  event,
  json,
  stage,
  stream,
} from '../../e2e/models/endpoint/endpoint-stage.ts';

const NEVER = new AbortController().signal;
afterEach(closeStages);

describe('an endpoint', () => {
  it('is reached under a name that has two addresses, of which it listens on one', async () => {
    const { server, kept } = await stage();
    const { port } = new URL(server.address);
    const endpoint = new Endpoint(undefined, {
      clock: systemClock,
      lookup: () => Promise.resolve([{ address: '::1' }, { address: '127.0.0.1' }]),
      save: (stored) => Promise.resolve(void kept.push(stored)),
    });
    const address = `http://both.lan:${port}/v1`;
    expect(await endpoint.connect({ address, isPublicConfirmed: false }, NEVER)).toMatchObject({ address });
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

  it('cuts no message through the key', async () => {
    const { script, connect } = await stage();
    script.models = (response) => json(response, { error: { message: `${'x'.repeat(298)}k-1` } }, 401);
    await expect(connect()).rejects.toThrow(/x\(t/);
    await expect(connect()).rejects.not.toThrow(/xk/);
  });

  it('gives nothing that was meant for one server to the next', async () => {
    const first = await stage();
    const second = await stage();
    await first.connect();
    await first.endpoint.connect({ address: second.server.address, isPublicConfirmed: false }, NEVER);
    await expect(first.ask()).rejects.toMatchObject({ code: 'ModelNotFound' });
    await expect(first.endpoint.open(first.model, NEVER)).rejects.toMatchObject({ code: 'ModelNotFound' });
    expect(second.script.bodies).toEqual([]);
  });

  it('stays forgotten when it is forgotten while it is asked', async () => {
    const { endpoint, model, script, connect, kept } = await stage();
    await connect();
    let answer: () => void = () => undefined;
    script.models = (response) =>
      new Promise((answered) => {
        answer = () => {
          json(response, { data: [{ id: 'big' }] });
          answered();
        };
      });
    const opening = endpoint.open(model, NEVER);
    await expect.poll(() => script.keys.length).toBeGreaterThan(1);
    await endpoint.forget();
    answer();
    await opening;
    expect(kept.at(-1)).toBeUndefined();
    expect(endpoint.offer()).toBeUndefined();
  });

  it('is asked what it takes for the model that is used, once, and not before', async () => {
    const { endpoint, model, script, connect, ask } = await stage();
    await connect();
    expect(script.bodies).toEqual([]);
    await endpoint.open(model, NEVER);
    await Promise.all([ask(), ask()]);
    expect(script.bodies.filter((body) => 'response_format' in body)).toHaveLength(1);
  });

  it('tells a flood of progress in a hundred steps', async () => {
    const { script, connect, ask } = await stage();
    await connect();
    script.answer = (response) => {
      stream(response);
      for (let done = 0; done < 5_000; done += 1)
        response.write(event({ choices: [], prompt_progress: { processed: done % 4_000, total: 4_000 } }));
      response.end(delta('x') + END);
    };
    expect((await ask()).filter(({ kind }) => kind === 'progress').length).toBeLessThanOrEqual(101);
  });
});
