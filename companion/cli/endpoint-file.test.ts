import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listen } from '../../e2e/models/endpoint/recorded-session.ts';
import { systemClock } from '../../shared/clock.ts';
import { systemRandom } from '../../shared/random.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { openEndpoint } from './endpoint-file.ts';

const NEVER = new AbortController().signal;
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'endpoint-'));
  path = join(folder, 'endpoint.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (): Promise<Endpoint> => openEndpoint(path, { clock: systemClock, random: systemRandom });

describe('the file of the endpoint', () => {
  it('is for its owner alone, is found again, and gone once it is forgotten', async () => {
    const server = await listen((request, response) => {
      request.resume();
      response.end(JSON.stringify({ data: [{ id: 'm' }], usage: { prompt_tokens: 1 } }));
    });
    try {
      const params = { address: server.address, key: 'sk-1', isPublicConfirmed: false };
      await (await open()).connect(params, NEVER);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      const again = await open();
      expect(again.offer()?.models).toHaveLength(1);
      const id = again.offer()?.models[0]?.id ?? '';
      expect(await again.countPromptTokens(id, [], NEVER)).toBe(1);
      await again.forget();
      expect((await open()).offer()).toBeUndefined();
      await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      await server.close();
    }
  });

  it.each([
    '{',
    '{"version":1,"address":"ftp://x","isPublicConfirmed":false,"offer":{"address":"a","server":"other","models":[]}}',
  ])('that is no set-up is left as it is: %s', async (text) => {
    await writeFile(path, text);
    await expect(open()).rejects.toMatchObject({ code: 'HomeUnusable' });
    expect(await readFile(path, 'utf8')).toBe(text);
  });
});
