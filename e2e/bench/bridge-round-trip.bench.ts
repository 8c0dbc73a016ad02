import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openReady, pairOnce, startTarget, type Keys, type Target } from '../attacks/harness.ts';
import { RelayWorld, ROOM } from '../../shared/testing/relay-world.ts';
import { systemClock } from '../../shared/clock.ts';
import { compare, timingsOf, type Timings } from './quantiles.ts';

/** Below the bridge's burst of 200 messages; every batch has a socket of its own. */
const BATCH = 150;
const BATCHES = 8;

let target: Target;
let who: { sessionId: string; keys: Keys };
let echo: WebSocketServer;
beforeAll(async () => {
  const world = new RelayWorld({ clock: systemClock });
  target = await startTarget({
    onSession: (link) => {
      world.relay.accept(link, { sessionId: 'bench', nonce: 'bench' });
    },
  });
  who = await pairOnce(target);
  echo = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  echo.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      socket.send(data.toString());
    });
  });
  await once(echo, 'listening');
});
afterAll(async () => {
  echo.close();
  await target.stop();
});

async function openEcho(): Promise<WebSocket> {
  const { port } = echo.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(socket, 'open');
  return socket;
}

async function openBridge(): Promise<WebSocket> {
  return (await openReady(target, who)).socket;
}

/** Interleaved batches, so that a slow moment of the machine meets both. */
async function measure(
  subjects: readonly { open: () => Promise<WebSocket>; message: (id: number) => string }[],
): Promise<Timings[]> {
  const samples = subjects.map((): number[] => []);
  for (let batch = 0; batch < BATCHES; batch += 1) {
    for (const [index, { open, message }] of subjects.entries()) {
      const socket = await open();
      for (let id = 1; id <= BATCH; id += 1) {
        const startMs = performance.now();
        socket.send(message(id));
        await once(socket, 'message');
        // The first batch warms up.
        if (batch > 0) samples[index]!.push(performance.now() - startMs);
      }
      socket.close();
      await once(socket, 'close');
    }
  }
  return samples.map(timingsOf);
}

it('a round trip over the bridge against a bare WebSocket echo', async () => {
  const ping = (id: number): string => JSON.stringify({ type: 'ping', sentAtMs: id });
  const roomTip = (id: number): string =>
    JSON.stringify({ type: 'request', id, method: 'roomTip', params: { channel: ROOM.channel } });
  const [baseline, pong, request] = await measure([
    { open: openEcho, message: ping },
    { open: openBridge, message: ping },
    { open: openBridge, message: roomTip },
  ]);
  console.log(compare('bridge ping', pong!, baseline!));
  console.log(compare('bridge request (room tip, daemon in memory)', request!, baseline!));
  expect(request!.p50Ms).toBeGreaterThan(0);
});
