import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { connect, type AddressInfo } from 'node:net';
import {
  openProbe,
  openReady,
  pairOnce,
  PAGE_TITLE,
  rawExchange,
  rawStatus,
  readUntilClosed,
  startTarget,
  type Target,
  type TargetOptions,
} from '../../e2e/attacks/harness.ts';
import { describePortHolder } from './port-holder.ts';
import { systemClock } from '../../shared/clock.ts';

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});
async function start(options?: TargetOptions): Promise<Target> {
  const target = await startTarget(options);
  open.push(target);
  return target;
}

describe('the HTTP server', () => {
  it('serves the page with every security header and no CORS header', async () => {
    const { origin } = await start();
    const answer = await fetch(`${origin}/`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain(PAGE_TITLE);
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("worker-src 'self';");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).toContain('trusted-types lit-html airc');
    expect(policy).toContain("frame-ancestors 'none'");
    expect(answer.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(answer.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('gives the inference worker a policy of its own, and nobody else', async () => {
    const { origin } = await start();
    const inference = (await fetch(`${origin}/assets/inference-worker-1.js`)).headers;
    expect(inference.get('content-security-policy')).toContain("worker-src 'self' blob:");
    expect(inference.get('content-security-policy')).not.toContain('trusted-types');
    const node = (await fetch(`${origin}/assets/node-worker-1.js`)).headers;
    expect(node.get('content-security-policy')).toContain('require-trusted-types-for');
    expect(node.get('content-security-policy')).not.toContain("worker-src 'self' blob:");
  });

  it('puts the headers on refusals too, also on those made on a bare connection', async () => {
    const { origin, port } = await start();
    const missing = await fetch(`${origin}/nothing`);
    expect(missing.status).toBe(404);
    expect(missing.headers.get('content-security-policy')).toContain("default-src 'none'");
    for (const request of [
      'NONSENSE\r\n\r\n',
      'GET /bridge HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
    ]) {
      expect(await rawExchange(port, request)).toContain("content-security-policy: default-src 'none'");
    }
  });

  it('answers 304 to the same ETag, and lets only hashed files without a policy be kept', async () => {
    const { origin } = await start();
    const first = await fetch(`${origin}/`);
    const again = await fetch(`${origin}/`, {
      headers: { 'if-none-match': first.headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
    expect(first.headers.get('cache-control')).toBe('no-cache');
    const cacheOf = async (path: string) => (await fetch(`${origin}${path}`)).headers.get('cache-control');
    expect(await cacheOf('/assets/page-1.js')).toContain('immutable');
    expect(await cacheOf('/assets/node-worker-1.js')).toBe('no-cache');
    expect((await fetch(`${origin}/`, { method: 'HEAD' })).status).toBe(200);
  });

  it('redirects localhost to the one origin', async () => {
    const { origin, port } = await start();
    const answer = await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' });
    expect(answer.status).toBe(200);
    const lines = ['GET /x?y HTTP/1.1', `Host: localhost:${port}`];
    expect(await rawStatus(port, lines)).toBe(308);
    expect(
      await rawStatus(port, ['POST /api/pair HTTP/1.1', `Host: localhost:${port}`, 'Content-Length: 0']),
    ).toBe(421);
    expect(origin).toBe(`http://127.0.0.1:${port}`);
  });

  it('hands over an authenticated link, echoes, revokes and shuts down', async () => {
    const target = await start();
    const who = await pairOnce(target);
    const probe = await openReady(target, who);
    probe.socket.send('hello');
    expect(await probe.message(2)).toBe('hello');
    expect(target.server.readySockets).toBe(1);
    await target.sessions.revoke(who.sessionId);
    expect(await probe.closed).toEqual({ code: 4001, reason: 'revoked' });
    const after = openProbe(target);
    await after.message(0);
    const other = await openReady(target, await pairOnce(target));
    await target.server.close();
    expect(await other.closed).toEqual({ code: 4009, reason: 'shutdown' });
    expect((await after.closed).code).toBe(4009);
    await expect(fetch(target.origin)).rejects.toThrow();
  });

  it('takes no socket any more while it shuts down', async () => {
    const target = await start({ limits: { lingerMs: 500 } });
    const lingering = await openReady(target, await pairOnce(target));
    // Does not answer the close, so that closing takes a while.
    lingering.socket.pause();
    const late = connect(target.port, '127.0.0.1');
    const lines = [
      'GET /bridge HTTP/1.1',
      `Host: 127.0.0.1:${target.port}`,
      `Origin: ${target.origin}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ];
    late.write(lines.join('\r\n'));
    await fetch(target.origin);
    const closed = target.server.close();
    late.write('\r\n\r\n');
    expect(await readUntilClosed(late, 5_000)).toMatch(/^HTTP\/1\.1 503 /);
    await closed;
    lingering.socket.terminate();
  });

  it('supersedes the oldest of too many sockets of one session', async () => {
    const target = await start();
    const who = await pairOnce(target);
    const probes = [];
    for (let count = 0; count < 5; count += 1) probes.push(await openReady(target, who));
    expect(await probes[0]?.closed).toEqual({ code: 4004, reason: 'superseded' });
    await expect.poll(() => target.server.readySockets).toBe(4);
  });

  it('is refused a port that is taken, and says by whom', async () => {
    const first = await start();
    const { startHttpServer } = await import('./server.ts');
    const attempt = startHttpServer({
      port: first.port,
      staticDir: first.staticDir,
      sessions: first.sessions,
      pairing: first.pairing,
      shelf: { pathOf: () => undefined, receiveUpload: () => Promise.reject(new Error()) },
      adapters: { fileOf: () => undefined },
      hosts: { list: () => [] },
      gated: { tickets: { find: () => undefined }, models: { fetch: () => Promise.reject(new Error()) } },
      onSession: () => undefined,
      clock: systemClock,
      random: { bytes: (length) => new Uint8Array(length) },
      log: { log: () => undefined, child: () => expect.fail() },
      signal: new AbortController().signal,
    });
    await expect(attempt).rejects.toMatchObject({
      code: 'PortTaken',
      message: expect.stringContaining('another Persona Node companion') as string,
    });
  });

  it('tells another web server from a companion', async () => {
    const other: Server = createServer((_, response) => response.end());
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const holder = await describePortHolder('127.0.0.1', port, systemClock);
    expect(holder).toContain('another web server');
    if (process.platform === 'linux') expect(holder).toContain(`process ${process.pid}`);
    await new Promise((resolve) => other.close(resolve));
  });
});
