/** Owns what every airc daemon must do, asked through its client: the installed one, the built-in one, the bare core. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatPayload } from '../airc/body.ts';
import type { PublishRequest } from '../airc/connection.ts';
import type { DaemonClient } from '../airc/daemon-client.ts';
import { compareCursors, cursorOf, ZERO_CURSOR, type AircEvent } from '../airc/model.ts';
import { CLIENT, PEER, TestRoom } from './daemon-room.ts';
import { describeStreams } from './daemon-stream-acceptance.ts';

export interface DaemonUnderTest {
  /** Stays usable over a restart. */
  readonly client: DaemonClient;
  /** Ends the daemon and starts it again with the same store. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const SOON_MS = 10_000;

/** Rooms are fresh per test, so one daemon serves them all. */
export function describeDaemon(name: string, start: () => Promise<DaemonUnderTest>): void {
  describe(name, () => {
    let daemon: DaemonUnderTest;
    beforeAll(async () => {
      daemon = await start();
    });
    afterAll(() => daemon.stop());
    const room = (): TestRoom => new TestRoom(daemon.client);

    describe('itself', () => {
      it('answers ping, and status with the protocol version', async () => {
        await daemon.client.ping();
        expect(await daemon.client.status()).toMatchObject({ ipcProtocolVersion: 5 });
      });

      it('has no route endpoints before one is advertised', async () => {
        expect(await daemon.client.routeEndpoints()).toEqual([]);
      });

      it('takes and forgets the key of a peer', async () => {
        await daemon.client.addPeer(PEER, new Uint8Array(32).fill(7));
        await daemon.client.removePeer(PEER);
        expect((await daemon.client.listPeers()).map((peer) => peer.peerId)).not.toContain(PEER);
      });

      it('refuses a key of another length', async () => {
        await expect(daemon.client.addPeer(PEER, new Uint8Array(31))).rejects.toMatchObject({
          code: 'DaemonRefused',
          message: 'add_peer: pubkey is 31 bytes, expected 32',
        });
      });
    });

    describe('inbox', () => {
      it('of an empty room is empty', async () => {
        expect(await room().inbox(10)).toEqual({ events: [] });
      });

      it('gives the last N in order, without what is not durable', async () => {
        const here = room();
        await here.say(10);
        await here.publish({ delivery: 'stream_chunk', kind: 'stream_chunk' });
        const receipt = await here.publish({ payload: chatPayload('last') });
        const page = await here.inbox(3);
        expect(here.texts(page.events)).toEqual(['8', '9', 'last']);
        expect(page.newest).toEqual(cursorOf(receipt));
        expect(here.texts((await here.inbox(1_000)).events)).toHaveLength(11);
        expect((await here.inbox(0)).events).toEqual([]);
      });

      it('goes on from a cursor, first things first, to the end', async () => {
        const here = room();
        await here.say(7);
        const seen: AircEvent[] = [];
        let since = ZERO_CURSOR;
        for (;;) {
          const page = await daemon.client.inbox({ channel: here.channel, since, limit: 3 });
          if (page.newest === undefined) break;
          seen.push(...page.events);
          since = page.newest;
        }
        expect(here.texts(seen)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
      });

      it('holds what `send` said as a durable text body', async () => {
        const here = room();
        await daemon.client.send({
          channel: here.channel,
          fromPeer: PEER,
          fromClient: CLIENT,
          text: 'Grüße, 你好\nsecond line',
          headers: new Map([['x-a', '1']]),
        });
        const [event] = (await here.inbox(1)).events;
        expect(event).toMatchObject({ kind: 'message', delivery: 'durable', peerId: PEER, clientId: CLIENT });
        expect(here.texts(event ? [event] : [])).toEqual(['Grüße, 你好\nsecond line']);
        expect(event?.headers).toEqual(new Map([['x-a', '1']]));
      });

      it('keeps every field of what was published', async () => {
        const here = room();
        const request: PublishRequest = {
          channel: here.channel,
          fromPeer: PEER,
          fromClient: CLIENT,
          kind: 'command',
          delivery: 'durable',
          target: { kind: 'capability', capability: 'inference:*' },
          correlationId: '44444444-4444-4444-8444-444444444444',
          coalesceKey: 'key',
          headers: new Map([
            ['b', '2'],
            ['a', ''],
          ]),
          payload: Uint8Array.of(0, 255, 23, 24),
        };
        const receipt = await daemon.client.publish(request);
        const { fromPeer, fromClient, ...fields } = request;
        expect((await here.inbox(1)).events).toEqual([
          { ...fields, ...receipt, peerId: fromPeer, clientId: fromClient },
        ]);
      });
    });

    describe('room tip', () => {
      it('is the newest durable event, of this room only', async () => {
        const here = room();
        expect(await here.tip()).toBeUndefined();
        const receipt = await here.publish({});
        expect(await here.tip()).toEqual(cursorOf(receipt));
        await here.publish({ delivery: 'stream_chunk', kind: 'stream_chunk' });
        expect(await here.tip()).toEqual(cursorOf(receipt));
        expect((await here.inbox(1)).newest).toEqual(cursorOf(receipt));
        expect(await room().tip()).toBeUndefined();
      });
    });

    describeStreams(room);

    describe('over a restart', () => {
      it('keeps history and tip, and goes on with higher cursors', async () => {
        const here = room();
        await here.say(3);
        const before = await here.publish({ payload: chatPayload('before') });
        const { peerId } = await daemon.client.status();
        await daemon.restart();
        expect(await here.tip()).toEqual(cursorOf(before));
        expect(here.texts((await here.inbox(10)).events)).toEqual(['0', '1', '2', 'before']);
        const after = await here.publish({ payload: chatPayload('after') });
        expect(after.epoch).toBeGreaterThan(before.epoch);
        expect(compareCursors(cursorOf(after), cursorOf(before))).toBeGreaterThan(0);
        expect((await daemon.client.status()).peerId).toBe(peerId);
        const stream = await here.listen({ start: { from: 'after', cursor: cursorOf(before) } });
        expect(here.texts(await stream.take(1))).toEqual(['after']);
        stream.end();
      });

      it('ends its streams', async () => {
        const stream = await room().listen({ start: { from: 'now' } });
        await daemon.restart();
        expect(await stream.within(SOON_MS)).toBe('ended');
      });
    });
  });
}
