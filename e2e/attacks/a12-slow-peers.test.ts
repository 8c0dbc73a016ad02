/** A12: peers that take their time. The deadlines are shortened here; what the product uses is checked beside. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HTTP_LIMITS } from '../../companion/http/limits.ts';
import { postPair, readUntilClosed, startTarget, type Target } from './harness.ts';

const PATIENCE_MS = 10_000;
const BIG_BYTES = 48 * 1024 * 1024;

let target: Target;
let head: string;
beforeAll(async () => {
  target = await startTarget({
    limits: { headersWithinMs: 300, checkEveryMs: 50, smallBodyWithinMs: 300, idleMs: 400, lingerMs: 300 },
    files: { 'big.bin': 'x'.repeat(BIG_BYTES) },
  });
  head = `Host: 127.0.0.1:${target.port}\r\nOrigin: ${target.origin}\r\n`;
});
afterAll(() => target.stop());

/** Sends `start` at once and then one byte every 50 ms; resolves with what came back when the server has closed. */
async function dribble(start: string, byte: string): Promise<string> {
  const socket = connect(target.port, '127.0.0.1');
  const timer = setInterval(() => socket.write(byte), 50);
  socket.write(start);
  const sinceMs = performance.now();
  const answer = await readUntilClosed(socket, PATIENCE_MS);
  clearInterval(timer);
  expect(performance.now() - sinceMs).toBeLessThan(PATIENCE_MS);
  return answer;
}

describe('A12: slow peers', () => {
  it('headers that never end are cut', async () => {
    expect(await dribble(`GET / HTTP/1.1\r\n${head}X: `, 'x')).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('a connection that says nothing is cut', async () => {
    expect(await dribble('', '')).not.toContain('200');
  });

  it('headers that dribble after a first good request are cut too', async () => {
    const answer = await dribble(`GET / HTTP/1.1\r\n${head}\r\nGET / HTTP/1.1\r\nX: `, 'x');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('a body that dribbles is cut', async () => {
    const type = 'Content-Type: application/json\r\nContent-Length: 4000\r\n';
    await dribble(`POST /api/pair HTTP/1.1\r\n${head}${type}\r\n`, ' ');
    expect(target.logLines.join('\n')).toContain('BridgeTimeout');
  });

  it('a body that nobody wants is not waited for', async () => {
    const answer = await dribble(`POST / HTTP/1.1\r\n${head}Content-Length: 4000\r\n\r\n`, 'x');
    expect(answer).toMatch(/^HTTP\/1\.1 405 /);
  });

  it('a reader that takes nothing is cut', async () => {
    const socket = connect(target.port, '127.0.0.1');
    socket.pause();
    socket.write(`GET /big.bin HTTP/1.1\r\n${head}\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    socket.resume();
    expect((await readUntilClosed(socket, PATIENCE_MS)).length).toBeLessThan(BIG_BYTES);
  });

  it('everybody else is served meanwhile, and the deadlines of the product are seconds', async () => {
    expect((await postPair(target, { code: 'x', publicKey: 'A'.repeat(43) })).status).toBe(403);
    expect(HTTP_LIMITS.headersWithinMs + HTTP_LIMITS.checkEveryMs).toBeLessThanOrEqual(10_000);
    expect(HTTP_LIMITS.smallBodyWithinMs).toBeLessThanOrEqual(10_000);
  });
});
