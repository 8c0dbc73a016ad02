/** Owns what every airc daemon must do, asked through its client: the installed one, the built-in one, the bare core. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatTextOf, chatPayload, parseBody } from '../airc/body.ts';
import type { PublishRequest } from '../airc/connection.ts';
import type { DaemonClient, StreamItem, StreamQuery } from '../airc/daemon-client.ts';
import { compareCursors, cursorOf, ZERO_CURSOR, type AircEvent, type Uuid } from '../airc/model.ts';
import { systemRandom, uuidV4 } from '../random.ts';

export interface DaemonUnderTest {
  /** Stays usable over a restart. */
  readonly client: DaemonClient;
  /** Ends the daemon and starts it again with the same store. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const PEER = '11111111-1111-4111-8111-111111111111';
const CLIENT = '22222222-2222-4222-8222-222222222222';
const QUIET_MS = 300;
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

    describe('a live stream', () => {
      it('leaves out the past, then gives what is published', async () => {
        const here = room();
        await here.say(30);
        const stream = await here.listen({ start: { from: 'now' } });
        expect(await stream.within(QUIET_MS)).toBe('quiet');
        await here.publish({ payload: chatPayload('new') });
        expect(here.texts(await stream.take(1))).toEqual(['new']);
        stream.end();
      });

      it('reaches 14 readers, 50 messages each, in order', async () => {
        const here = room();
        const streams = await Promise.all(
          Array.from({ length: 14 }, () => here.listen({ start: { from: 'now' } })),
        );
        await here.say(50);
        const numbers = Array.from({ length: 50 }, (_, index) => String(index));
        for (const stream of streams) {
          expect(here.texts(await stream.take(50))).toEqual(numbers);
          stream.end();
        }
      });

      it('carries a burst of 2,000 whole and in order', async () => {
        const here = room();
        const stream = await here.listen({ start: { from: 'now' } });
        const receipts = await here.burst(2_000);
        const events = await stream.take(2_000);
        expect(new Set(events.map((event) => event.eventId))).toEqual(
          new Set(receipts.map((receipt) => receipt.eventId)),
        );
        expect(isAscending(events)).toBe(true);
        stream.end();
      });

      it('carries every class, of which only the durable stay', async () => {
        const here = room();
        const stream = await here.listen({ start: { from: 'now' } });
        const chunk = Uint8Array.of(0, 1, 254, 255);
        await here.publish({ payload: chatPayload('chat') });
        await here.publish({ delivery: 'stream_chunk', kind: 'stream_chunk', payload: chunk });
        await here.publish({ delivery: 'ephemeral_latest', kind: 'event', coalesceKey: 'presence:a' });
        await here.publish({ delivery: 'ephemeral_window', kind: 'signal' });
        await here.publish({ delivery: 'request_response', kind: 'command' });
        const events = await stream.take(5);
        expect(events.map((event) => event.delivery)).toEqual([
          'durable',
          'stream_chunk',
          'ephemeral_latest',
          'ephemeral_window',
          'request_response',
        ]);
        expect(events[1]?.payload).toEqual(chunk);
        expect(here.texts((await here.inbox(10)).events)).toEqual(['chat']);
        stream.end();
      });

      it('brings a command and its result to two readers filtered by kind', async () => {
        const here = room();
        const correlationId = uuidV4(systemRandom);
        const commands = await here.listen({ start: { from: 'now' }, kinds: ['command'] });
        const results = await here.listen({ start: { from: 'now' }, kinds: ['command_result'] });
        await here.publish({ kind: 'command', delivery: 'request_response', correlationId });
        await here.publish({ kind: 'command_result', delivery: 'request_response', correlationId });
        expect(await commands.take(1)).toMatchObject([{ kind: 'command', correlationId }]);
        expect(await results.take(1)).toMatchObject([{ kind: 'command_result', correlationId }]);
        expect(await commands.within(QUIET_MS)).toBe('quiet');
        commands.end();
        results.end();
      });

      it('brings only what the header filter lets through', async () => {
        const here = room();
        const stream = await here.listen({
          start: { from: 'now' },
          headers: {
            kind: 'any_of',
            filters: [
              { kind: 'exact', key: 'x-a', value: '1' },
              { kind: 'prefix', key: 'x-b', valuePrefix: 'b.' },
            ],
          },
        });
        await here.publish({ headers: new Map([['x-a', '1']]) });
        await here.publish({ headers: new Map([['x-a', '2']]) });
        await here.publish({ headers: new Map([['x-b', 'b.2']]) });
        await here.publish({});
        const events = await stream.take(2);
        expect(events.map((event) => [...event.headers])).toEqual([[['x-a', '1']], [['x-b', 'b.2']]]);
        expect(await stream.within(QUIET_MS)).toBe('quiet');
        stream.end();
      });

      it('of an empty list of kinds brings nothing', async () => {
        const here = room();
        const stream = await here.listen({ start: { from: 'now' }, kinds: [] });
        await here.publish({});
        expect(await stream.within(QUIET_MS)).toBe('quiet');
        stream.end();
      });
    });

    describe('a stream from the past', () => {
      it('gives the backlog one by one, then goes on live', async () => {
        const here = room();
        await here.say(5);
        const stream = await here.listen({ start: { from: 'beginning' } });
        expect(here.texts(await stream.take(5))).toEqual(['0', '1', '2', '3', '4']);
        await here.publish({ payload: chatPayload('live') });
        expect(here.texts(await stream.take(1))).toEqual(['live']);
        stream.end();
      });

      it('told in one sum: how many, up to where, then the new event', async () => {
        const here = room();
        await here.say(30);
        const tip = await here.tip();
        const stream = await here.listen({ start: { from: 'beginning' }, coalesceBacklog: true });
        expect(await stream.within(QUIET_MS)).toBe('quiet');
        const { eventId } = await here.publish({});
        expect(await stream.takeItems(2)).toMatchObject([
          { kind: 'advanced', skipped: 30, advancedTo: tip },
          { kind: 'event', event: { eventId } },
        ]);
        stream.end();
      });

      it('has each event once, also where it was published while the backlog was read', async () => {
        const here = room();
        await here.say(600);
        const after = (await here.inbox(550)).events[0];
        if (after === undefined) throw new Error('The room is empty.');
        const [stream] = await Promise.all([
          here.listen({ start: { from: 'after', cursor: cursorOf(after) } }),
          here.burst(300),
        ]);
        const events = await stream.take(549 + 300);
        expect(new Set(events.map((event) => event.eventId)).size).toBe(849);
        expect(isAscending(events)).toBe(true);
        expect(await stream.within(QUIET_MS)).toBe('quiet');
        stream.end();
      });

      it('replays what was never stored while it is still in memory, but no latest values', async () => {
        const here = room();
        await here.publish({ payload: chatPayload('stored') });
        await here.publish({ delivery: 'stream_chunk', kind: 'stream_chunk' });
        await here.publish({ delivery: 'ephemeral_latest', coalesceKey: 'k' });
        await here.publish({ payload: chatPayload('stored too') });
        const stream = await here.listen({ start: { from: 'beginning' } });
        expect((await stream.take(3)).map((event) => event.delivery)).toEqual([
          'durable',
          'stream_chunk',
          'durable',
        ]);
        stream.end();
      });

      it('brings a reader that stood still everything it missed, and delays nobody', async () => {
        const here = room();
        const slow = await here.listen({ start: { from: 'now' } });
        const quick = await here.listen({ start: { from: 'now' } });
        const payload = chatPayload('x'.repeat(8_000));
        for (let round = 0; round < 8; round += 1) await here.burst(400, payload);
        expect(isAscending(await quick.take(3_200))).toBe(true);
        const events = await slow.take(3_200);
        expect(new Set(events.map((event) => event.eventId)).size).toBe(3_200);
        expect(isAscending(events)).toBe(true);
        slow.end();
        quick.end();
      });
    });

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

function isAscending(events: readonly AircEvent[]): boolean {
  return events.every((event, index) => {
    const before = events[index - 1];
    return before === undefined || compareCursors(cursorOf(before), cursorOf(event)) < 0;
  });
}

class TestRoom {
  readonly channel: Uuid = uuidV4(systemRandom);
  readonly #client: DaemonClient;

  constructor(client: DaemonClient) {
    this.#client = client;
  }

  publish(fields: Partial<PublishRequest>): ReturnType<DaemonClient['publish']> {
    return this.#client.publish({
      channel: this.channel,
      fromPeer: PEER,
      fromClient: CLIENT,
      kind: 'message',
      delivery: 'durable',
      headers: new Map(),
      payload: chatPayload('text'),
      ...fields,
    });
  }

  /** One after the other, each with its number as text. */
  async say(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      await this.publish({ payload: chatPayload(String(index)) });
    }
  }

  /** From eight writers at once. */
  async burst(
    count: number,
    payload: Uint8Array = chatPayload('burst'),
  ): Promise<Awaited<ReturnType<DaemonClient['publish']>>[]> {
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      const receipts = [];
      for (let index = writer; index < count; index += 8) receipts.push(await this.publish({ payload }));
      return receipts;
    });
    return (await Promise.all(writers)).flat();
  }

  inbox(limit: number): ReturnType<DaemonClient['inbox']> {
    return this.#client.inbox({ channel: this.channel, limit });
  }

  tip(): ReturnType<DaemonClient['roomTip']> {
    return this.#client.roomTip(this.channel);
  }

  texts(events: readonly AircEvent[]): (string | undefined)[] {
    return events.map((event) => {
      const body = parseBody(event.payload);
      return body && chatTextOf(body);
    });
  }

  async listen(query: Omit<StreamQuery, 'channel'>): Promise<TestStream> {
    const ending = new AbortController();
    const items = await this.#client.stream({ ...query, channel: this.channel }, ending.signal);
    return new TestStream(items, ending);
  }
}

class TestStream {
  readonly #items: AsyncIterator<StreamItem>;
  readonly #ending: AbortController;
  #next: Promise<IteratorResult<StreamItem, unknown>> | undefined;

  constructor(items: AsyncIterable<StreamItem>, ending: AbortController) {
    this.#items = items[Symbol.asyncIterator]();
    this.#ending = ending;
  }

  async take(count: number): Promise<AircEvent[]> {
    return (await this.takeItems(count)).flatMap((item) => (item.kind === 'event' ? [item.event] : []));
  }

  async takeItems(count: number): Promise<StreamItem[]> {
    const taken: StreamItem[] = [];
    while (taken.length < count) {
      const next = await this.#pull();
      this.#next = undefined;
      if (next.done === true) throw new Error(`The stream ended after ${taken.length} of ${count}.`);
      taken.push(next.value);
    }
    return taken;
  }

  /** What the stream does in `waitMs`; an item that came is not lost. */
  async within(waitMs: number): Promise<'quiet' | 'item' | 'ended'> {
    const outcome = this.#pull().then(
      (next) => (next.done === true ? 'ended' : 'item'),
      () => 'ended' as const,
    );
    let timer: ReturnType<typeof setTimeout> | undefined;
    const quiet = new Promise<'quiet'>((resolve) => {
      timer = setTimeout(() => resolve('quiet'), waitMs);
    });
    const first = await Promise.race([outcome, quiet]);
    clearTimeout(timer);
    return first;
  }

  end(): void {
    this.#ending.abort();
    this.#next?.catch(() => undefined);
  }

  #pull(): Promise<IteratorResult<StreamItem, unknown>> {
    this.#next ??= this.#items.next();
    return this.#next;
  }
}
