import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../shared/airc/envelope-encode.ts';
import { CborFields, encodeCbor } from '../../shared/airc/cbor-encode.ts';
import { encodeResponse, type IpcResponse } from '../../shared/airc/ipc/response.ts';
import { NIL_UUID, type AircEvent } from '../../shared/airc/model.ts';
import { systemClock } from '../../shared/clock.ts';
import { createLogger } from '../../shared/log.ts';
import { toFrame } from './frames.ts';
import { SocketClient } from './socket-client.ts';

const ROOM = '5eedf7b1-14b1-5938-b4ea-047c239c8fd4';
const never = new AbortController().signal;
const frame = (response: IpcResponse): Uint8Array => toFrame(encodeResponse(response));
const ok = frame({ kind: 'ok' });

let folder: string;
let server: Server;
let sockets: Socket[];
let logged: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airc-client-'));
  sockets = [];
  logged = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((done) => server.close(done));
  await rm(folder, { recursive: true });
});

/** A client of a daemon that behaves as told once a request came. */
async function against(behave: (socket: Socket) => void, answerWithinMs = 5_000): Promise<SocketClient> {
  const path = join(folder, 'airc.sock');
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => behave(socket));
  });
  await new Promise<void>((done) => server.listen(path, done));
  const log = createLogger(({ event }) => logged.push(event), systemClock);
  return new SocketClient({ path, clock: systemClock, log, answerWithinMs });
}

function event(counter: number, payload: Uint8Array = new Uint8Array()): AircEvent {
  return {
    eventId: NIL_UUID,
    channel: ROOM,
    peerId: ROOM,
    clientId: ROOM,
    kind: 'message',
    delivery: 'durable',
    epoch: 1,
    counter,
    occurredAtMs: 1,
    target: { kind: 'all' },
    headers: new Map(),
    payload,
  };
}
const eventFrame = (counter: number, payload?: Uint8Array): Uint8Array =>
  frame({ kind: 'event', envelope: encodeEnvelope(event(counter, payload)) });

describe('a call', () => {
  it.each<[string, (socket: Socket) => void, string]>([
    ['to a daemon that closes without a word', (socket) => socket.end(), 'DaemonGone'],
    ['answered with half a length', (socket) => socket.end(Uint8Array.of(0, 0)), 'FrameTruncated'],
    ['answered with half a frame', (socket) => socket.end(ok.slice(0, -1)), 'FrameTruncated'],
    ['answered with too long a frame', (socket) => socket.write(Uint8Array.of(1, 0, 0, 1)), 'FrameTooLarge'],
    ['answered with no CBOR', (socket) => socket.end(toFrame(Uint8Array.of(255))), 'FrameMalformed'],
    ['answered with an empty frame', (socket) => socket.end(toFrame(new Uint8Array())), 'FrameMalformed'],
    ['answered with another answer', (socket) => socket.end(ok), 'FrameMalformed'],
    [
      'answered with an error',
      (socket) => socket.end(frame({ kind: 'error', message: 'no' })),
      'DaemonRefused',
    ],
    ['whose connection is cut', (socket) => socket.destroy(), 'DaemonGone'],
  ])('%s is told so', async (_what, behave, code) => {
    const client = await against(behave);
    await expect(client.ping()).rejects.toMatchObject({ code });
  });

  it('that is not answered ends at its deadline, and leaves no socket behind', async () => {
    const client = await against(() => undefined, 50);
    await expect(client.ping()).rejects.toMatchObject({ code: 'DaemonGone' });
    await expect.poll(() => sockets.every((socket) => socket.destroyed)).toBe(true);
  });

  it('ends with its signal', async () => {
    const client = await against(() => undefined);
    const ending = new AbortController();
    const call = client.ping(ending.signal);
    ending.abort(new Error('enough'));
    await expect(call).rejects.toMatchObject({ code: 'Aborted', message: 'enough' });
    await expect(client.ping(AbortSignal.abort())).rejects.toMatchObject({ code: 'Aborted' });
    await expect.poll(() => sockets.every((socket) => socket.destroyed)).toBe(true);
  });

  it('to nobody says so', async () => {
    const client = await against(() => undefined);
    await new Promise((done) => server.close(done));
    await expect(client.ping()).rejects.toMatchObject({ code: 'DaemonUnreachable' });
  });

  it('for `stop` takes silence as consent', async () => {
    const client = await against((socket) => socket.end());
    await client.stop();
  });

  it('comes through in single bytes', async () => {
    const pong = frame({ kind: 'pong' });
    const client = await against((socket) => {
      for (const byte of pong) socket.write(Uint8Array.of(byte));
      socket.end();
    });
    await client.ping();
  });

  it('of the inbox leaves out what cannot be read, and keeps the cursor behind it', async () => {
    const newest = { epoch: 1, counter: 2, eventId: NIL_UUID };
    const envelopes = [encodeEnvelope(event(1)), Uint8Array.of(1, 2, 3)];
    const client = await against((socket) => socket.end(frame({ kind: 'inbox', envelopes, newest })));
    expect(await client.inbox({ channel: ROOM, limit: 5 })).toEqual({ events: [event(1)], newest });
    expect(logged).toEqual(['airc.event-unreadable']);
  });
});

describe('a stream', () => {
  const query = { channel: ROOM, start: { from: 'now' } } as const;
  const countersOf = async (events: AsyncIterable<AircEvent>): Promise<number[]> => {
    const counters: number[] = [];
    for await (const { counter } of events) counters.push(counter);
    return counters;
  };

  it('is refused with the words of the daemon', async () => {
    const client = await against((socket) => socket.end(frame({ kind: 'error', message: 'no room' })));
    await expect(client.attach(query, never)).rejects.toMatchObject({
      code: 'DaemonRefused',
      message: 'no room',
    });
  });

  it('that is not acknowledged ends at the deadline', async () => {
    const client = await against(() => undefined, 50);
    await expect(client.attach(query, never)).rejects.toMatchObject({ code: 'DaemonGone' });
  });

  it('has no deadline once it is acknowledged', async () => {
    const client = await against((socket) => {
      socket.write(ok);
      setTimeout(() => socket.end(eventFrame(1)), 150);
    }, 50);
    expect(await countersOf(await client.attach(query, never))).toEqual([1]);
  });

  it('gives what came with the acknowledgement, passes over kinds it does not know, and ends with the daemon', async () => {
    const client = await against((socket) => {
      const news = toFrame(encodeCbor(new CborFields([['kind', 'weather']])));
      const bad = frame({ kind: 'event', envelope: Uint8Array.of(9) });
      socket.end(Buffer.concat([ok, eventFrame(1), news, bad, eventFrame(2)]));
    });
    expect(await countersOf(await client.attach(query, never))).toEqual([1, 2]);
    expect(logged).toEqual(['airc.event-unreadable']);
  });

  it('torn inside a frame says so, after what was whole', async () => {
    const client = await against((socket) =>
      socket.end(Buffer.concat([ok, eventFrame(1), eventFrame(2).slice(0, 40)])),
    );
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const { counter } of await client.attach(query, never)) seen.push(counter);
    };
    await expect(read()).rejects.toMatchObject({ code: 'FrameTruncated' });
    expect(seen).toEqual([1]);
  });

  it('closes its socket when the reader leaves', async () => {
    const client = await against((socket) => socket.write(Buffer.concat([ok, eventFrame(1), eventFrame(2)])));
    for await (const { counter } of await client.attach(query, never)) {
      expect(counter).toBe(1);
      break;
    }
    await expect.poll(() => sockets[0]?.readableEnded === true || sockets[0]?.destroyed === true).toBe(true);
  });

  it('closes its socket when it is aborted, also before anybody reads', async () => {
    const client = await against((socket) => socket.write(ok));
    const ending = new AbortController();
    await client.attach(query, ending.signal);
    ending.abort();
    await expect.poll(() => sockets[0]?.readableEnded === true || sockets[0]?.destroyed === true).toBe(true);
  });

  it('read slowly holds the daemon back', async () => {
    let written = 0;
    const client = await against((socket) => {
      socket.write(ok);
      const payload = new Uint8Array(100_000).fill(200);
      const pump = (): void => {
        while (written < 200) {
          written += 1;
          if (!socket.write(eventFrame(written, payload))) break;
        }
        if (written === 200) socket.end();
      };
      socket.on('drain', pump);
      pump();
    });
    const events = await client.attach(query, never);
    await new Promise((done) => setTimeout(done, 200));
    expect(written).toBeLessThan(50);
    expect(await countersOf(events)).toHaveLength(200);
  });
});
