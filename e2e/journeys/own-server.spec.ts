/** Owns the journey of thinking with a server that the person runs: set up, told on every line, lost, and left again. */
import type { IncomingMessage } from 'node:http';
import { listen, type LocalServer } from '../models/endpoint/recorded-session.ts';
import { expect, test } from './journey.ts';

const KEY = 'sk-secret-of-mine';
const ANSWER = 'I think on another program.';

/** One that says the same to everybody. `keys` are those it was asked with. */
async function startModelServer(keys: Set<string | undefined>): Promise<LocalServer> {
  return listen(async (request, response) => {
    keys.add(request.headers.authorization);
    const usage = { prompt_tokens: 100, completion_tokens: 12 };
    if (request.url === '/v1/models') {
      response.end(JSON.stringify({ data: [{ id: 'house-model', max_model_len: 8_192 }] }));
    } else if ((await textOf(request)).includes('"stream":true')) {
      response.setHeader('content-type', 'text/event-stream');
      const content = JSON.stringify({ speak: true, text: ANSWER, reason: '' });
      const event = { model: 'house-model', choices: [{ delta: { content }, finish_reason: 'stop' }], usage };
      response.end(`data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`);
    } else response.end(JSON.stringify({ usage, choices: [] }));
  });
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request as AsyncIterable<Buffer>) text += part.toString('utf8');
  return text;
}

test("a server of one's own is thought with, named on every line, and left again", async ({ settle }) => {
  const { visitor } = await settle();
  const { models, page } = visitor;
  const keys = new Set<string | undefined>();
  const server = await startModelServer(keys);
  const here = models.getByRole('list', { name: 'Models that are here' });
  const connect = async (address: string): Promise<void> => {
    await models.getByLabel('Address of the server').fill(address);
    await models.getByRole('button', { name: 'Connect' }).click();
  };
  try {
    await models.getByText('Use a server you run').click();
    await connect('http://1.1.1.1/v1');
    await expect(models).toContainText('outside your own network');
    await expect(models.getByRole('button', { name: /^Send what is said in the room to/ })).toBeVisible();
    await connect('http://169.254.169.254/');
    await expect(models).toContainText('where no model server may be');

    await models.getByLabel('Its key').fill(KEY);
    await connect(server.address);
    await models.getByRole('button', { name: 'Use house-model' }).click();
    await expect(here).toContainText(/house-model.*in use/s);
    await visitor.personaIsIdle();
    await expect(models).toContainText(`What is said in the room is sent to ${server.address}`);
    await expect(visitor.status).toContainText('endpoint, your own server');
    expect(await visitor.ask('Hello?')).toBe(ANSWER);
    await expect(visitor.messages.last()).toContainText(`→ ${server.address}`);
    expect(keys).toEqual(new Set([`Bearer ${KEY}`]));
    await expect(models.getByLabel('Its key')).toHaveValue('');

    await page.reload();
    await visitor.personaIsIdle();
    expect(await visitor.ask('Still there?')).toBe(ANSWER);

    await models.getByText('Use a server you run').click();
    await models.getByRole('button', { name: 'Forget this server' }).click();
    await expect(models).toContainText('let them use another model first');
    await server.close();
    await visitor.say('And now?');
    await expect(page.getByText(/does not answer/).first()).toBeVisible();

    await here.getByRole('button', { name: /^Use / }).first().click();
    await visitor.personaIsIdle();
    await expect(visitor.messages.last()).not.toContainText(server.address);
    await models.getByRole('button', { name: 'Forget this server' }).click();
    await expect(models.getByRole('button', { name: 'Use house-model' })).toHaveCount(0);
  } finally {
    await server.close();
  }
});
