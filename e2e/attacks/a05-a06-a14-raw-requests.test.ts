/** A5, A6, A14: programs that write what they like: no Origin, odd Hosts, odd targets, odd methods. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawExchange, rawStatus, readUntilClosed, startTarget, type Target } from './harness.ts';

let target: Target;
let host: string;
beforeAll(async () => {
  target = await startTarget();
  host = `Host: 127.0.0.1:${target.port}`;
});
afterAll(() => target.stop());

const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
];
async function upgradeStatus(...lines: string[]): Promise<number> {
  const answer = await rawExchange(target.port, [...lines, ...UPGRADE, '', ''].join('\r\n'), 500);
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
}
const get = (...headers: string[]): Promise<number> => rawStatus(target.port, ['GET / HTTP/1.1', ...headers]);

describe('A5: another program without an Origin', () => {
  it('may read the static page and nothing else', async () => {
    expect(await get(host)).toBe(200);
    expect(await upgradeStatus('GET /bridge HTTP/1.1', host)).toBe(403);
    expect(await upgradeStatus('GET /bridge HTTP/1.1', host, `Origin: ${target.origin}`)).toBe(101);
    const pair = ['POST /api/pair HTTP/1.1', host, 'Content-Type: application/json', 'Content-Length: 2'];
    expect(await rawStatus(target.port, pair, '{}')).toBe(403);
    expect(target.links).toEqual([]);
  });
});

describe('A6: Host tricks', () => {
  it.each([
    (port: number) => [`Host: 127.0.0.1:${port}.evil.test`],
    (port: number) => [`Host: LOCALHOST:${port}`],
    (port: number) => [`Host: 127.1:${port}`],
    (port: number) => [`Host: 2130706433:${port}`],
    (port: number) => [`Host: [::ffff:127.0.0.1]:${port}`],
    (port: number) => [`Host: [::1]:${port}`],
    (port: number) => [`Host: 127.0.0.1.:${port}`],
    (port: number) => [`Host: localhost.:${port}`],
    (port: number) => [`Host: 127.0.0.1:${port},evil.test`],
    (port: number) => [`Host: user@127.0.0.1:${port}`],
    (port: number) => [`Host: 127.0.0.1:0${port}`],
    () => ['Host: 127.0.0.1'],
    () => ['Host:'],
    (port: number) => [`Host: 127.0.0.1:${port}`, 'Host: evil.test'],
    (port: number) => [`Host: evil.test`, `Host: 127.0.0.1:${port}`],
    (port: number) => ['Host: evil.test', `X-Forwarded-Host: 127.0.0.1:${port}`],
    (port: number) => ['Host: evil.test', `Forwarded: host=127.0.0.1:${port}`],
  ])('%s is refused, as request and as upgrade', async (headersFor) => {
    const headers = headersFor(target.port);
    expect(await get(...headers)).toBe(421);
    expect(await upgradeStatus('GET /bridge HTTP/1.1', ...headers, `Origin: ${target.origin}`)).toBe(421);
  });

  it('a foreign X-Forwarded-Host changes nothing for the right Host', async () => {
    expect(await get(host, 'X-Forwarded-Host: evil.test')).toBe(200);
  });

  it('no Host, and a target that names a host itself, are refused', async () => {
    expect(await get()).toBe(400);
    expect(await rawStatus(target.port, ['GET / HTTP/1.0'])).toBe(421);
    expect(await rawStatus(target.port, ['GET http://evil.test/ HTTP/1.1', host])).toBe(400);
    expect(await rawStatus(target.port, [`GET ${target.origin}/ HTTP/1.1`, host])).toBe(400);
  });

  it('localhost is sent on to the one origin, path and all, for GET only', async () => {
    const localhost = `Host: localhost:${target.port}`;
    const answer = await rawExchange(
      target.port,
      `GET /models/x?y=1 HTTP/1.1\r\n${localhost}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 308 /);
    expect(answer).toContain(`location: ${target.origin}/models/x?y=1\r\n`);
    expect(await rawStatus(target.port, ['HEAD / HTTP/1.1', localhost])).toBe(421);
    expect(await upgradeStatus('GET /bridge HTTP/1.1', localhost, `Origin: ${target.origin}`)).toBe(421);
    expect(await rawStatus(target.port, ['GET //evil.test/ HTTP/1.1', localhost])).toBe(421);
  });

  it('a second request in the same packet is checked like the first', async () => {
    const [good, evil] = [`GET / HTTP/1.1\r\n${host}\r\n\r\n`, 'GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n'];
    const answer = await rawExchange(target.port, good + evil, 500);
    expect(answer.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 421']);
  });

  it('two lengths, or a length beside chunks, cannot smuggle a request', async () => {
    const post = ['POST /api/pair HTTP/1.1', host, `Origin: ${target.origin}`];
    expect(await rawStatus(target.port, [...post, 'Content-Length: 2', 'Content-Length: 9'], '{}')).toBe(400);
    const both = [...post, 'Content-Length: 2', 'Transfer-Encoding: chunked'];
    expect(await rawStatus(target.port, both, '0\r\n\r\n')).toBe(400);
  });

  it('is told to go on with a body only after the guard', async () => {
    const lines = ['POST /api/pair HTTP/1.1', 'Host: evil.test', 'Expect: 100-continue', 'Content-Length: 2'];
    const answer = await rawExchange(target.port, [...lines, '', ''].join('\r\n'), 500);
    expect(answer).toMatch(/^HTTP\/1\.1 421 /);
    expect(answer).not.toContain('100 Continue');
  });
});

describe('A14: paths and methods', () => {
  it.each([
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%2f..%2fetc/passwd',
    '/../../etc/passwd',
    '/assets/../../package.json',
    '/assets/%2e%2e/index.html',
    '/index.html%00.png',
    '/..\\..\\windows\\win.ini',
    '/assets\\page-1.js',
    '/assets/',
    '/assets',
    '/.git/config',
    '/sessions.json',
    '/__proto__',
    '/constructor',
    '/models/..%2f..%2fetc%2fpasswd',
    '/INDEX.HTML',
    '/index.html/',
  ])('GET %s finds nothing', async (path) => {
    expect(await rawStatus(target.port, [`GET ${path} HTTP/1.1`, host])).toBe(404);
  });

  it('targets that are no path are refused before any look-up', async () => {
    expect(await rawStatus(target.port, ['GET //etc/passwd HTTP/1.1', host])).toBe(400);
    expect(await rawStatus(target.port, ['GET /\\etc HTTP/1.1', host])).toBe(400);
    expect(await rawStatus(target.port, ['GET \\etc HTTP/1.1', host])).toBe(400);
    expect(await rawStatus(target.port, ['GET /a\u0000b HTTP/1.1', host])).toBe(400);
    expect(await rawStatus(target.port, [`GET /${'a'.repeat(4_000)} HTTP/1.1`, host])).toBe(414);
    expect(await rawStatus(target.port, [`GET /${'a'.repeat(40_000)} HTTP/1.1`, host])).toBe(431);
    expect(await rawStatus(target.port, ['GET / HTTP/1.1', host, `X: ${'a'.repeat(40_000)}`])).toBe(431);
  });

  it.each(['TRACE', 'OPTIONS', 'DELETE', 'PATCH', 'PROPFIND'])('%s is not a method here', async (method) => {
    expect(await rawStatus(target.port, [`${method} / HTTP/1.1`, host, `Origin: ${target.origin}`])).toBe(
      405,
    );
  });

  it('known methods are refused where they have no business', async () => {
    const origin = `Origin: ${target.origin}`;
    for (const line of ['POST / HTTP/1.1', 'PUT /api/pair HTTP/1.1', 'GET /api/pair HTTP/1.1']) {
      expect(await rawStatus(target.port, [line, host, origin, 'Content-Length: 0'])).toBe(405);
    }
    expect(await rawStatus(target.port, ['CONNECT evil.test:80 HTTP/1.1', host])).toBe(405);
  });

  it('survives noise', async () => {
    const socket = connect(target.port, '127.0.0.1');
    socket.write(Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 31) % 256)));
    expect(await readUntilClosed(socket, 2_000)).toMatch(/^HTTP\/1\.1 400 /);
    expect(await get(host)).toBe(200);
  });
});
