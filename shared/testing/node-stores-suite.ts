/** Owns the acceptance suite of the node's stores: IndexedDB and the memory stand-in must both pass it. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { LedgerRow, OutboxRow } from '../../web/node/storage/database.ts';
import type { NewRoomLogRow, NodeStores } from '../../web/node/storage/stores.ts';

const CHANNEL = '11111111-1111-4111-8111-111111111111';
const OTHER_CHANNEL = '22222222-2222-4222-8222-222222222222';
const MAYA = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
const SAM = 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb';
const DAEMON = '/run/airc.sock';

const eventId = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const cursor = (counter: number, epoch = 1) => ({ epoch, counter, eventId: eventId(counter) });

function row(n: number, more: Partial<NewRoomLogRow> = {}): NewRoomLogRow {
  return {
    eventId: eventId(n),
    channel: CHANNEL,
    peerId: SAM,
    clientId: SAM,
    kind: 'message',
    delivery: 'durable',
    epoch: 1,
    counter: n,
    occurredAtMs: 1_000 + n,
    headers: [],
    text: `line ${n}`,
    signature: 'unsigned',
    kindOfSender: 'human',
    ...more,
  };
}

function frame(trigger: number, covered: number[] = [], more: Partial<LedgerRow> = {}): LedgerRow {
  const ids = [...covered.map(eventId), eventId(trigger)];
  return {
    peerId: MAYA,
    triggerEventId: eventId(trigger),
    channel: CHANNEL,
    coveredEventIds: covered.map(eventId),
    coveredKeys: ids.map((id) => `${MAYA}:${id}`),
    turnId: eventId(900),
    mid: eventId(901),
    state: 'seen',
    updatedAtMs: trigger,
    ...more,
  };
}

function saying(n: number, more: Partial<OutboxRow> = {}): OutboxRow {
  return {
    mid: eventId(n),
    peerId: MAYA,
    channel: CHANNEL,
    text: 'hello',
    headers: [['x-persona.v', '1']],
    state: 'waiting',
    createdAtMs: n,
    daemonKey: DAEMON,
    after: cursor(0),
    ...more,
  };
}

export function describeNodeStores(name: string, open: () => Promise<NodeStores>): void {
  describe(`node stores: ${name}`, () => {
    let stores: NodeStores;
    beforeEach(async () => {
      stores = await open();
    });
    const append = (rows: readonly NewRoomLogRow[], at = cursor(99), daemonKey = DAEMON) =>
      stores.room.append({ daemonKey, channel: CHANNEL, rows, cursor: at });

    describe('room log', () => {
      it('gives places in order of arrival and returns only what is new', async () => {
        expect((await append([row(5), row(6)])).map((r) => [r.counter, r.arrival])).toEqual([
          [5, 1],
          [6, 2],
        ]);
        expect((await append([row(4), row(6), row(7)])).map((r) => [r.counter, r.arrival])).toEqual([
          [4, 3],
          [7, 4],
        ]);
        expect(await stores.room.lastArrival(CHANNEL)).toBe(4);
        expect(await stores.room.lastArrival(OTHER_CHANNEL)).toBe(0);
      });

      it('takes an event twice in one batch once', async () => {
        expect(await append([row(1), row(1)])).toHaveLength(1);
      });

      it('keeps the cursor per daemon and channel', async () => {
        await append([row(1)], cursor(1));
        await append([], cursor(7, 3), '/run/other.sock');
        expect(await stores.room.cursor(DAEMON, CHANNEL)).toEqual(cursor(1));
        expect(await stores.room.cursor('/run/other.sock', CHANNEL)).toEqual(cursor(7, 3));
        expect(await stores.room.cursor(DAEMON, OTHER_CHANNEL)).toBeUndefined();
      });

      it('pages both ways, oldest first', async () => {
        await append([1, 2, 3, 4, 5].map((n) => row(n)));
        const counters = (rows: readonly { counter: number }[]) => rows.map((r) => r.counter);
        expect(counters(await stores.room.after(CHANNEL, 2, 2))).toEqual([3, 4]);
        expect(counters(await stores.room.before(CHANNEL, Infinity, 2))).toEqual([4, 5]);
        expect(counters(await stores.room.before(CHANNEL, 4, 2))).toEqual([2, 3]);
        expect(await stores.room.after(OTHER_CHANNEL, 0, 9)).toEqual([]);
        expect(await stores.room.after(CHANNEL, Infinity, 9)).toEqual([]);
      });

      it('finds a row by event id, and the first one by message id and sender', async () => {
        const mid = eventId(700);
        await append([row(1, { mid }), row(2, { mid }), row(3, { mid, peerId: MAYA })]);
        expect((await stores.room.byEventId(CHANNEL, eventId(2)))?.arrival).toBe(2);
        expect((await stores.room.byMid(CHANNEL, SAM, mid))?.arrival).toBe(1);
        expect((await stores.room.byMid(CHANNEL, MAYA, mid))?.arrival).toBe(3);
        expect(await stores.room.byMid(OTHER_CHANNEL, SAM, mid)).toBeUndefined();
      });

      it('drops all but the newest rows, and goes on counting', async () => {
        await append([1, 2, 3, 4].map((n) => row(n)));
        await stores.room.prune(CHANNEL, 2);
        expect((await stores.room.after(CHANNEL, 0, 9)).map((r) => r.arrival)).toEqual([3, 4]);
        expect((await append([row(5)]))[0]?.arrival).toBe(5);
        await stores.room.prune(CHANNEL, 100);
        expect(await stores.room.after(CHANNEL, 0, 9)).toHaveLength(3);
      });

      it('moves a read position forward only', async () => {
        expect(await stores.room.readPosition(MAYA, CHANNEL)).toBeUndefined();
        await stores.room.setReadPosition(MAYA, CHANNEL, 0);
        expect(await stores.room.readPosition(MAYA, CHANNEL)).toBe(0);
        await stores.room.setReadPosition(MAYA, CHANNEL, 5);
        await stores.room.setReadPosition(MAYA, CHANNEL, 3);
        expect(await stores.room.readPosition(MAYA, CHANNEL)).toBe(5);
      });
    });

    describe('ledger', () => {
      it('refuses a frame whose trigger is covered already', async () => {
        expect(await stores.ledger.open(frame(3, [1, 2]))).toBe(true);
        expect(await stores.ledger.open(frame(2))).toBe(false);
        expect(await stores.ledger.open(frame(3))).toBe(false);
        expect(await stores.ledger.open(frame(4))).toBe(true);
        expect(await stores.ledger.covered(MAYA, [eventId(2), eventId(9)])).toEqual(new Set([eventId(2)]));
        expect(await stores.ledger.covered(SAM, [eventId(2)])).toEqual(new Set());
      });

      it('only steps forward, and never out of an end', async () => {
        await stores.ledger.open(frame(1));
        const advance = (state: LedgerRow['state']) =>
          stores.ledger.advance(MAYA, eventId(1), { state, updatedAtMs: 5 });
        await advance('claimed');
        await advance('claimed');
        const drafted = await stores.ledger.advance(MAYA, eventId(1), {
          state: 'drafted',
          text: 'hi',
          updatedAtMs: 6,
        });
        expect(drafted).toMatchObject({ state: 'drafted', text: 'hi', turnId: eventId(900) });
        await expect(advance('claimed')).rejects.toMatchObject({ code: 'Internal' });
        await expect(advance('silent')).rejects.toMatchObject({ code: 'Internal' });
        await advance('publishing');
        await advance('published');
        await expect(advance('errored')).rejects.toMatchObject({ code: 'Internal' });
      });

      it('drops old frames that came to an end, and no others', async () => {
        await stores.ledger.open(frame(1));
        await stores.ledger.open(frame(2));
        await stores.ledger.open(frame(3));
        await stores.ledger.advance(MAYA, eventId(1), { state: 'silent', updatedAtMs: 10 });
        await stores.ledger.advance(MAYA, eventId(3), { state: 'silent', updatedAtMs: 30 });
        await stores.ledger.prune(MAYA, 20);
        const ids = [1, 2, 3].map(eventId);
        expect(await stores.ledger.covered(MAYA, ids)).toEqual(new Set(ids.slice(1)));
      });

      it('lists the unfinished frames of one persona, oldest first', async () => {
        await stores.ledger.open(frame(2));
        await stores.ledger.open(frame(1));
        await stores.ledger.open(frame(3));
        await stores.ledger.advance(MAYA, eventId(3), { state: 'silent', reason: 'x', updatedAtMs: 9 });
        expect((await stores.ledger.unfinished(MAYA)).map((r) => r.triggerEventId)).toEqual([
          eventId(1),
          eventId(2),
        ]);
        expect(await stores.ledger.unfinished(SAM)).toEqual([]);
      });
    });

    describe('outbox and settings', () => {
      it('keeps, replaces, lists by author and removes', async () => {
        await stores.outbox.put(saying(2));
        await stores.outbox.put(saying(1));
        await stores.outbox.put(saying(3, { peerId: SAM }));
        await stores.outbox.put(saying(2, { state: 'uncertain' }));
        expect((await stores.outbox.all(MAYA)).map((r) => [r.createdAtMs, r.state])).toEqual([
          [1, 'waiting'],
          [2, 'uncertain'],
        ]);
        await stores.outbox.remove([eventId(1), eventId(3)]);
        expect(await stores.outbox.get(eventId(1))).toBeUndefined();
        expect(await stores.outbox.all(SAM)).toEqual([]);
      });

      it('keeps settings by name', async () => {
        expect(await stores.settings.get('people')).toBeUndefined();
        await stores.settings.put('people', { a: 1 });
        expect(await stores.settings.get('people')).toEqual({ a: 1 });
      });
    });
  });
}
