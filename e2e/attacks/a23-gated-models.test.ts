/** The companion as a way to somewhere else (A23), and to the person's token: only models, only of their host, only for our page. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchRange } from '../../web/inference/downloads/fetch-range.ts';
import { gatedFetch } from '../../web/inference/downloads/gated-fetch.ts';
import { resolveManifest } from '../../web/inference/downloads/resolve-manifest.ts';
import {
  BYTES,
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
} from './gated-stage.ts';
import { rawStatus } from './harness.ts';

const NEVER = new AbortController().signal;

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

describe('a gated file through the companion', () => {
  it('comes in one range with its size, and the token goes to its own host alone', async () => {
    const answer = await get(FILE, { range: 'bytes=4-6' });
    expect(answer.status).toBe(206);
    expect(await answer.text()).toBe('012');
    expect(answer.headers.get('content-range')).toBe(`bytes 4-6/${BYTES.length}`);
    expect(answer.headers.get('content-length')).toBe('3');
    expect(answer.headers.get('etag')).toBe('"one"');
    expect(stage.asked.map(({ url, headers }) => [url.href, headers['authorization']])).toEqual([
      [`https://huggingface.co${FILE}`, `Bearer ${TOKEN}`],
      ['https://cas-bridge.xethub.hf.co/signed', undefined],
    ]);
    const head = await fetch(urlOf(stage, FILE), { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(BYTES.length)]);
  });

  it('is no page and no script of this origin, whatever its host calls it', async () => {
    const { headers } = await get(FILE);
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('set-cookie')).toBeNull();
    stage.serve = (_request, response) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>');
    expect(await codeOf(await get(FILE))).toBe('DownloadRefused');
    stage.serve = (_request, response) =>
      void response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 1 }).end('x');
    expect(await codeOf(await get(FILE))).toBe('DownloadRefused');
  });

  it('is asked for with nothing of what the page sends but its range', async () => {
    await get(FILE, {
      range: 'bytes=0-1',
      authorization: 'Bearer other',
      cookie: 'a=b',
      'x-forwarded-host': 'evil.example',
      'if-range': '"x"',
    });
    for (const { headers } of stage.asked)
      expect(Object.keys(headers).toSorted()).toEqual(
        ['accept', 'accept-encoding', 'authorization', 'range', 'user-agent'].filter(
          (name) => name !== 'authorization' || headers === stage.asked[0]?.headers,
        ),
      );
    expect(stage.asked[0]?.headers['authorization']).toBe(`Bearer ${TOKEN}`);
  });

  it('is loaded by the page as any other, once its host refused the page', async () => {
    stage.serve = (request, response, host) => {
      const { pathname } = new URL(request.url ?? '', 'http://x');
      if (pathname.startsWith('/api/models/meta/llama/revision/'))
        response.end(JSON.stringify({ sha: COMMIT }));
      else if (pathname.startsWith('/api/'))
        response.end(JSON.stringify([{ path: 'model.gguf', size: BYTES.length }]));
      else serveFile(request, response, host);
    };
    const fetchBytes = gatedFetch({
      fetchBytes: (url, init) =>
        url.startsWith(stage.target.origin)
          ? fetch(url, init)
          : Promise.resolve(new Response('', { status: 401 })),
      origin: stage.target.origin,
      ticket: () => Promise.resolve(`/gated/${stage.ticket}`),
    });
    const manifest = await resolveManifest(
      'https://huggingface.co/meta/llama/resolve/main/model.gguf',
      fetchBytes,
      NEVER,
    );
    let text = '';
    await fetchRange(
      manifest,
      { start: 4, end: 14 },
      fetchBytes,
      (bytes) => {
        text += new TextDecoder().decode(bytes);
        return Promise.resolve();
      },
      NEVER,
    );
    expect(text).toBe(BYTES.slice(4));
    stage.serve = (_request, response) => void response.writeHead(403).end();
    await expect(
      fetchRange(manifest, { start: 4, end: 14 }, fetchBytes, () => Promise.resolve(), NEVER),
    ).rejects.toMatchObject({ code: 'ModelGated', message: expect.stringContaining('meta/llama') as string });
  });
});

describe('whoever is not our page', () => {
  it('has no ticket, and gets nothing asked', async () => {
    for (const own of ['', 'x', 'A'.repeat(43), '__proto__', 'constructor', `${stage.ticket}x`])
      expect((await fetch(urlOf(stage, FILE, own))).status).toBe(403);
    stage.leave();
    expect(await codeOf(await get(FILE))).toBe('SessionUnknown');
    expect(stage.asked).toEqual([]);
  });

  it('is refused by Host, Origin and fetch metadata though it knew a ticket', async () => {
    const [line = ''] = rawTarget(stage, FILE);
    expect(await rawStatus(stage.target.port, [line, `Host: evil.example:${stage.target.port}`])).toBe(421);
    for (const header of ['Origin: http://evil.example', 'Origin: null', 'Sec-Fetch-Site: cross-site'])
      expect(await rawStatus(stage.target.port, [...rawTarget(stage, FILE), header])).toBe(403);
    for (const header of ['Sec-Fetch-Site: none', 'Sec-Fetch-Site: same-site'])
      expect(await rawStatus(stage.target.port, [...rawTarget(stage, FILE), header])).toBe(403);
    expect(stage.asked).toEqual([]);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])(
    'can do nothing with %s',
    async (method) => {
      const lines = [
        `${method} /gated/${stage.ticket}${FILE} HTTP/1.1`,
        `Host: 127.0.0.1:${stage.target.port}`,
      ];
      expect(await rawStatus(stage.target.port, [...lines, `Origin: ${stage.target.origin}`])).toBe(405);
      expect(stage.asked).toEqual([]);
    },
  );
});

describe('an address that is no model', () => {
  it.each([
    '/',
    '//evil.example/a/resolve/main/b',
    '/https://evil.example/resolve/main/b',
    '/@evil.example/b/resolve/main/c',
    '/a/b/resolve/main/../../../../api/whoami-v2',
    '/a/b/resolve/main/%2e%2e/%2e%2e/api/whoami-v2',
    '/a/b/resolve/main/..%2f..%2fapi/whoami-v2',
    '/a/b/resolve/main/%252e%252e/c',
    '/a/b/resolve/main/..%5c..%5cc',
    '/a/b/resolve/main/c%00',
    '/a/b/resolve/main/c?download=true',
    '/a/b/resolve/main/c#x',
    '/../b/resolve/main/c',
    '/a/b/resolve/main/',
    '/api/whoami-v2',
    '/settings/tokens',
    '/api/models/a/b/tree/main?x=1&y=<script>',
    '/api/models/a/b/discussions',
    `/a/b/resolve/main/${'x'.repeat(3_000)}`,
  ])('%s is not stage.asked for', async (path) => {
    expect(await rawStatus(stage.target.port, rawTarget(stage, path))).toBeGreaterThanOrEqual(400);
    expect(stage.asked).toEqual([]);
  });

  it.each(['bytes=0-1,4-5', 'items=0-1', 'bytes=-5', 'bytes=1-2\tx', `bytes=${'9'.repeat(40)}-`])(
    'nor is the range %s',
    async (range) => {
      expect(await rawStatus(stage.target.port, [...rawTarget(stage, FILE), `Range: ${range}`])).toBe(400);
      expect(stage.asked).toEqual([]);
    },
  );
});

describe('a host that sends elsewhere', () => {
  it.each([
    'https://127.0.0.1/',
    'http://127.0.0.1:80/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://evil.example/',
    'https://raw.githubusercontent.com/',
    'https://hf.co/',
    'https://hf.co.evil.example/',
    'https://evilhf.co/',
    'https://huggingface.co@evil.example/',
    'https://me:secret@cdn.hf.co/',
    'https://cdn.hf.co:8443/',
    'http://cdn.hf.co/',
    'http://huggingface.co/',
    '//evil.example/',
    'file:///etc/passwd',
    'data:text/plain,x',
    'https://[/',
  ])('is not followed to %s', async (location) => {
    stage.serve = redirectTo(location);
    expect(await codeOf(await get(FILE))).toBe('DownloadRefused');
    expect(stage.asked).toHaveLength(1);
  });

  it('does not get the token back to where it came from, and ends', async () => {
    let steps = 0;
    stage.serve = (request, response, host) => {
      steps += 1;
      const next = host === 'huggingface.co' ? 'https://cdn.hf.co/a' : 'https://huggingface.co/b';
      redirectTo(next)(request, response, host);
    };
    expect(await codeOf(await get(FILE))).toBe('DownloadRefused');
    expect(steps).toBe(6);
    expect(stage.asked.map(({ headers }) => headers['authorization'] !== undefined)).toEqual([
      true,
      ...Array.from({ length: 5 }, () => false),
    ]);
  });

  it.each([
    ['127.0.0.1'],
    ['169.254.169.254'],
    ['10.1.2.3'],
    ['::1'],
    ['93.184.216.34', '192.168.0.7'],
    ['::ffff:127.0.0.1'],
  ])('or whose name points to %s, is not connected to', async (...inside) => {
    stage.addresses.set('huggingface.co', inside);
    expect(await codeOf(await get(FILE))).toBe('DownloadRefused');
    expect(stage.asked).toEqual([]);
    stage.addresses.clear();
    stage.addresses.set('cas-bridge.xethub.hf.co', inside);
    expect(await codeOf(await get(FILE))).toBe('DownloadRefused');
    expect(stage.asked).toHaveLength(1);
  });
});
