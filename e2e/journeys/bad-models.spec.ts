/** Owns the journeys of models that go wrong on the page: too large, deleted while in use, two tabs, a server that lies. */
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerResponse } from 'node:http';
import type { ErrorCode } from '../../shared/errors.ts';
import { listen } from '../models/endpoint/recorded-session.ts';
import { randomModel } from '../models/random-model.ts';
import { expect, test } from './journey.ts';
import { startModelHost } from './model-host.ts';
import type { Visitor } from './visitor.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** In the page: the model files of this browser. */
async function storedModels(): Promise<readonly string[]> {
  const names: string[] = [];
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle('models', { create: true });
  for await (const name of folder.keys()) if (name.endsWith('.gguf')) names.push(name);
  return names;
}

async function deleteStoredModel(name: string): Promise<void> {
  const root = await navigator.storage.getDirectory();
  await (await root.getDirectoryHandle('models')).removeEntry(name);
}

const fileInput = (visitor: Visitor) => visitor.page.getByLabel('GGUF file', { exact: true });

test.describe('a model that does not fit', () => {
  // Files with nothing in them, which take no place on the disk.
  for (const [lane, sizeBytes, place] of [
    ['gguf', 5 * GIB, 'in this tab'],
    ['companion', 4_096 * GIB, 'in the companion'],
  ] as const) {
    test(`is refused by name before a byte of it is stored or sent, and she thinks on (${lane})`, async ({
      home,
      settle,
    }) => {
      const { visitor } = await settle(['--lane', lane]);
      const huge = join(home, 'huge.gguf');
      await writeFile(huge, randomModel());
      await truncate(huge, sizeBytes);
      const before = await visitor.page.evaluate(storedModels);
      await fileInput(visitor).setInputFiles(huge);
      await expect(visitor.models).toContainText(new RegExp(`huge\\.gguf is too large: .* ${place}`));
      await expect(visitor.models).toContainText('Choose a smaller model');
      await visitor.personaIsIdle();
      expect(await visitor.page.evaluate(storedModels)).toEqual(before);
      expect(await visitor.ask('Still there?')).not.toBe('');
    });
  }
});

test('a model that is deleted while it is thought with: she thinks on, and at the next load the page names it and goes back', async ({
  settle,
}) => {
  const { visitor } = await settle(['--lane', 'gguf']);
  const { models, page } = visitor;
  const [before] = await page.evaluate(storedModels);
  const buffer = Buffer.from(randomModel({ endBias: 5 }));
  await fileInput(visitor).setInputFiles({ name: 'mine.gguf', mimeType: '', buffer });
  await expect(models.getByRole('list', { name: 'Models that are here' })).toContainText(
    /mine\.gguf.*in use/s,
  );
  await visitor.personaIsIdle();
  const [mine = ''] = (await page.evaluate(storedModels)).filter((name) => name !== before);
  await page.evaluate(deleteStoredModel, mine);
  expect((await visitor.sayAndSettle('Hello?')).event).not.toBe('turn.errored');

  await models.getByText('Speed, and its share of the time').click();
  await models.getByRole('button', { name: 'Free the memory now' }).click();
  await models.getByRole('button', { name: 'Think again' }).click();
  await expect(models).toContainText('mine.gguf is no longer stored in this browser');
  await expect(models).toContainText('ModelNotFound');
  await expect(models).toContainText('drop a GGUF file onto the page');
  await visitor.personaIsIdle();
  await expect(models).toContainText('plumbing model: speaks nonsense');
  expect(await visitor.ask('Still there?')).not.toBe('');
  await expect(models.getByRole('button', { name: 'Use mine.gguf' })).toHaveCount(0);
  expect(await page.evaluate(storedModels)).toEqual([before]);
});

test('a download that two tabs ask for is fetched once, and the second one is told so', async ({
  profile,
  start,
  visit,
}) => {
  const companion = await start();
  const context = await profile();
  const first = await visit(companion.link, context);
  await first.personaIsIdle();
  const sizeBytes = 24 * MIB;
  const host = await startModelHost(sizeBytes, (from, to) =>
    Uint8Array.from({ length: to - from }, (_none, at) => ((from + at) * 2_654_435_761) >>> 13),
  );
  const askFor = async ({ models }: Visitor): Promise<void> => {
    const address = models.getByLabel('Address of a GGUF file');
    if (!(await address.isVisible())) await models.getByText('Get another model').click();
    await address.fill(host.address);
    await models.getByRole('button', { name: 'Download from this address' }).click();
  };
  try {
    host.holdAt(sizeBytes / 2);
    await askFor(first);
    await first.models.getByRole('button', { name: `Approve ${host.origin} and download` }).click();
    await expect(first.models.getByRole('progressbar', { name: 'Download of big.gguf' })).toBeVisible();
    const second = await visit(companion.origin, context);
    await expect(second.page.getByRole('note', { name: 'This tab' })).toContainText('Another tab');
    await askFor(second);
    await expect(second.models).toContainText('big.gguf is being loaded already');
    await expect(second.models).toContainText('wait for it');
    host.letOn();
    for (const { models } of [first, second])
      await expect(models.getByRole('button', { name: 'Use big.gguf' })).toBeVisible({ timeout: 60_000 });
    expect(host.takeSentBytes()).toBe(sizeBytes);
  } finally {
    await host.close();
  }
});

const event = (content: string, more: object = {}): string =>
  `data: ${JSON.stringify({ model: 'house-model', choices: [{ delta: { content } }], ...more })}\n\n`;

/** What it gives, then the name of that, what is told of it, and what the person can do. */
const LIES: readonly (readonly [string, ErrorCode, string, string, (response: ServerResponse) => void])[] = [
  [
    'another model',
    'EndpointMalformed',
    'the model another-model where house-model was asked for',
    'Check the address',
    (response) => {
      response.end(event('Hi', { model: 'another-model' }));
    },
  ],
  [
    'half a line',
    'LaneDied',
    'ended the answer before its end',
    'It is started again for the next turn',
    (response) => {
      response.end(`${event('Hi')}data: {"choices":[{"del`);
    },
  ],
  [
    'no end',
    'EndpointMalformed',
    'far more than was asked for',
    'Check the address',
    (response) => {
      const more = (): void => {
        if (!response.destroyed) response.write(event('and so on '.repeat(200)), () => setImmediate(more));
      };
      more();
    },
  ],
];

test('a server that lies, breaks off or never ends costs one turn each, told by name, and is thought with again', async ({
  settle,
}) => {
  const { visitor } = await settle();
  const { models, persona } = visitor;
  const usage = { prompt_tokens: 100, completion_tokens: 12 };
  const whole = JSON.stringify({ speak: true, text: 'All is well.', reason: '' });
  const good = (response: ServerResponse): void => {
    const choices = [{ delta: { content: whole }, finish_reason: 'stop' }];
    response.end(`${event('', { choices, usage })}data: [DONE]\n\n`);
  };
  let answer = good;
  const server = await listen(async (request, response) => {
    let body = '';
    for await (const part of request as AsyncIterable<Buffer>) body += part.toString('utf8');
    if (request.url === '/v1/models')
      response.end(JSON.stringify({ data: [{ id: 'house-model', max_model_len: 8_192 }] }));
    else if (body.includes('"stream":true')) {
      response.setHeader('content-type', 'text/event-stream');
      answer(response);
    } else response.end(JSON.stringify({ usage, choices: [] }));
  });
  try {
    await models.getByText('Use a server you run').click();
    await models.getByLabel('Address of the server').fill(server.address);
    await models.getByRole('button', { name: 'Connect' }).click();
    await models.getByRole('button', { name: 'Use house-model' }).click();
    await expect(models).toContainText('What is said in the room is sent to');
    await visitor.personaIsIdle();
    expect(await visitor.ask('Hello?')).toBe('All is well.');
    const name = await visitor.personaName();
    let said = 1;
    for (const [what, code, told, next, answers] of LIES) {
      answer = answers;
      await visitor.say(`Now it gives ${what}.`);
      for (const words of ['Errored', code, told, next]) await expect(persona).toContainText(words);
      answer = good;
      await visitor.say(`And after ${what}?`);
      await expect(visitor.messagesOf(name)).toHaveCount((said += 1));
      await expect(visitor.messagesOf(name).last()).toContainText('All is well.');
    }
    await expect(models.getByRole('list', { name: 'Models that are here' })).toContainText(
      /house-model.*in use/s,
    );
  } finally {
    await server.close();
  }
});
