/** A13: too many sockets, too many messages, and a reader that never drains; other sessions must not notice. */
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CLOSE,
  MAX_BUFFERED_BYTES,
  MAX_PENDING_SOCKETS,
  RATE_BURST_MESSAGES,
} from '../../shared/bridge/limits.ts';
import type { Link } from '../../shared/bridge/link.ts';
import { openProbe, openReady, pairOnce, startTarget, type Probe, type Target } from './harness.ts';

const MIB = 1024 * 1024;

let target: Target;
let bystander: Probe;
const probes: Probe[] = [];
beforeEach(async () => {
  target = await startTarget();
  bystander = await openReady(target, await pairOnce(target));
});
afterEach(async () => {
  for (const probe of probes.splice(0)) probe.socket.terminate();
  await target.stop();
});

async function expectBystanderServed(): Promise<void> {
  const at = bystander.messages.length;
  bystander.socket.send(`still here ${at}`);
  expect(await bystander.message(at)).toBe(`still here ${at}`);
}

function endOf(link: Link): Promise<number> {
  return new Promise((resolve) => {
    link.onClose = resolve;
  });
}

describe('A13: floods', () => {
  it('500 sockets that never greet: at most 64 stay, and a page still gets in', async () => {
    const endings: number[] = [];
    const crowd = Array.from({ length: 500 }, () => openProbe(target));
    probes.push(...crowd);
    for (const probe of crowd) void probe.closed.then(({ code }) => endings.push(code));
    await Promise.all(crowd.map((probe) => probe.message(0).catch(() => undefined)));
    // Not by the deadline for the greeting, which would end them with 4001 later.
    const crowdedOut = (): number => endings.filter((code) => code === CLOSE.rate).length;
    await expect.poll(crowdedOut, { timeout: 5_000 }).toBeGreaterThanOrEqual(500 - MAX_PENDING_SOCKETS);
    await expectBystanderServed();
    const page = await openReady(target, await pairOnce(target));
    page.socket.terminate();
  });

  it('600 connections that say nothing: the oldest give way, and a page is still served', async () => {
    const crowd: Socket[] = [];
    for (let count = 0; count < 600; count += 1) {
      const socket = connect(target.port, '127.0.0.1');
      socket.on('error', () => undefined);
      crowd.push(socket);
    }
    await Promise.all(crowd.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
    expect((await fetch(target.origin)).status).toBe(200);
    await expectBystanderServed();
    await expect
      .poll(() => crowd.filter((socket) => socket.closed || socket.readableEnded).length)
      .toBeGreaterThan(300);
    for (const socket of crowd) socket.destroy();
  });

  it('300 readers that take nothing of what they asked for: the slowest give way, and a page is still served', async () => {
    const crowded = await startTarget({ files: { 'assets/large-1.js': ' '.repeat(16 * MIB) } });
    try {
      const crowd = await Promise.all(
        Array.from(
          { length: 300 },
          () =>
            new Promise<Socket>((resolve) => {
              const socket = connect(crowded.port, '127.0.0.1', () => {
                socket.write(`GET /assets/large-1.js HTTP/1.1\r\nHost: 127.0.0.1:${crowded.port}\r\n\r\n`);
                resolve(socket);
              });
              socket.on('error', () => undefined);
              socket.pause();
            }),
        ),
      );
      for (let visit = 0; visit < 5; visit += 1) expect((await fetch(crowded.origin)).status).toBe(200);
      for (const socket of crowd) socket.destroy();
    } finally {
      await crowded.stop();
    }
  });

  it.each(['messages', 'pings'])('10,000 %s at once: that socket is closed, others are not', async (kind) => {
    const loud = await openReady(target, await pairOnce(target));
    // Asked on our side: a client in full flood may miss the close frame.
    const ended = endOf(target.links.at(-1)!);
    for (let count = 0; count < 10_000; count += 1) {
      if (kind === 'pings') loud.socket.ping();
      else loud.socket.send('noise');
    }
    expect(await ended).toBe(4003);
    await loud.closed;
    // The greeting took one of the burst; a few more refill meanwhile.
    expect(loud.messages.length).toBeLessThan(RATE_BURST_MESSAGES + 50);
    await expectBystanderServed();
  });

  it('a reader that never drains is cut, and costs no more than its cap', async () => {
    const slow = await openReady(target, await pairOnce(target));
    probes.push(slow);
    const link = target.links.at(-1);
    const ended = endOf(link!);
    slow.socket.pause();
    const part = 'x'.repeat(MIB);
    let mostBytes = 0;
    for (let count = 0; count < 64; count += 1) {
      link!.send(part);
      mostBytes = Math.max(mostBytes, link!.bufferedBytes);
    }
    expect(mostBytes).toBeLessThan(MAX_BUFFERED_BYTES + 2 * MIB);
    expect(await ended).toBe(4008);
    await expectBystanderServed();
  });
});
