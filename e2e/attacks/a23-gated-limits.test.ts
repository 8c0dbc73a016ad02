/** What the route of gated models is asked too much of, by a page or by a host, and a host that repeats the token. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  codeOf,
  COMMIT,
  FILE,
  rawTarget,
  redirectTo,
  serveFile,
  startGatedStage,
  TOKEN,
  urlOf,
  type GatedStage,
  type Serve,
} from './gated-stage.ts';
import { rawExchange, rawStatus } from './harness.ts';

let stage: GatedStage;
beforeEach(async () => {
  stage = await startGatedStage();
});
afterEach(async () => {
  await stage.stop();
  expect(JSON.stringify(stage.target.logLines)).not.toContain(TOKEN);
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(urlOf(stage, path), { headers });

describe('too much', () => {
  it('at once is refused by name, and what is let in comes', async () => {
    const waiting: (() => void)[] = [];
    stage.serve = (request, response, host) => {
      if (host === 'huggingface.co') serveFile(request, response, host);
      else waiting.push(() => serveFile(request, response, host));
    };
    const answers = Array.from({ length: 100 }, () => get(FILE));
    const refused = new Set<Response>();
    for (const answer of answers)
      void answer.then((got) => {
        if (!got.ok) refused.add(got);
      });
    await expect.poll(() => refused.size, { timeout: 20_000 }).toBe(92);
    expect(waiting).toHaveLength(8);
    for (const answer of refused) expect(await codeOf(answer)).toBe('DownloadBusy');
    for (const go of waiting) go();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(8);
    stage.serve = serveFile;
    await expect.poll(async () => (await get(FILE)).status, { timeout: 20_000 }).toBe(200);
  });

  it('of a header is refused from either side', async () => {
    const long = `X-Long: ${'x'.repeat(20_000)}`;
    expect(await rawStatus(stage.target.port, [...rawTarget(stage, FILE), long])).toBe(431);
    stage.serve = (_request, response) =>
      void response.writeHead(200, { 'x-long': 'x'.repeat(40_000) }).end('x');
    expect(await codeOf(await get(FILE))).toBe('DownloadOffline');
    stage.serve = (_request, response) =>
      void response.writeHead(200, { etag: `"${'e'.repeat(9_000)}"` }).end('x');
    expect((await get(FILE)).headers.get('etag')).toBeNull();
  });

  it('of bytes is cut off', async () => {
    stage.serve = (_request, response) => {
      response.writeHead(200, { 'content-length': 2 ** 50 }).flushHeaders();
    };
    expect(await codeOf(await get(FILE))).toBe('DownloadRefused');
    stage.serve = (_request, response) => {
      response.on('error', () => undefined);
      const more = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(1024 * 1024), more);
      };
      more();
    };
    await expect((await get(`/api/models/meta/llama/tree/${COMMIT}`)).text()).rejects.toThrow();
  });

  it('is not waited for by a page that went: the host is let go', async () => {
    const ended: string[] = [];
    const stands: Serve = (request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('x');
      response.on('close', () => ended.push(request.url ?? ''));
    };
    stage.serve = stands;
    const left = httpRequest(urlOf(stage, FILE));
    const begun = new Promise<IncomingMessage>((resolve) => left.on('response', resolve));
    left.on('error', () => undefined).end();
    (await begun).on('error', () => undefined);
    left.destroy();
    await expect.poll(() => ended, { timeout: 20_000 }).toHaveLength(1);
    const asking = new AbortController();
    stage.serve = (request, response) => {
      response.on('close', () => ended.push(request.url ?? ''));
      // Before it has said a word.
      asking.abort();
    };
    await expect(fetch(urlOf(stage, FILE), { signal: asking.signal })).rejects.toThrow();
    await expect.poll(() => ended, { timeout: 20_000 }).toHaveLength(2);
    stage.serve = stands;
    const open = await get(FILE);
    stage.leave();
    await expect(open.text()).rejects.toThrow();
    await expect.poll(() => ended, { timeout: 20_000 }).toHaveLength(3);
  });
});

describe('the token', () => {
  it('stands in no answer, though its host repeats it everywhere', async () => {
    stage.serve = (_request, response) =>
      void response
        .writeHead(401, TOKEN, { etag: TOKEN, 'x-error-message': TOKEN, 'www-authenticate': TOKEN })
        .end(TOKEN);
    const answer = await rawExchange(
      stage.target.port,
      `${rawTarget(stage, FILE).join('\r\n')}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toContain('ModelGated');
    expect(answer).not.toContain(TOKEN);
    stage.serve = redirectTo(`https://evil.example/${TOKEN}`);
    expect(await (await get(FILE)).text()).not.toContain(TOKEN);
  });
});
