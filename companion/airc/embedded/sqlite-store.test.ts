import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cursorOf, NIL_UUID, ZERO_CURSOR, type AircEvent } from '../../../shared/airc/model.ts';
import { SeededRandom } from '../../../shared/testing/seeded-random.ts';
import { uuidV4 } from '../../../shared/random.ts';
import type { Retention } from './retention.ts';
import { SqliteStore } from './sqlite-store.ts';
import { openVersionedDatabase, type Migration } from './versioned-database.ts';

const ROOM = '5eedf7b1-14b1-5938-b4ea-047c239c8fd4';
const OTHER = '06003f9e-9ddf-562e-8983-9d44304cba4b';
let folder: string;
let stores: SqliteStore[];
const random = new SeededRandom(3);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airc-store-'));
  stores = [];
});
afterEach(() => {
  for (const store of stores) store.close();
  rmSync(folder, { recursive: true });
});

const file = (): string => join(folder, 'airc.db');
function open(retention?: Retention): SqliteStore {
  const store = new SqliteStore(file(), retention);
  stores.push(store);
  return store;
}
function event(
  counter: number,
  channel = ROOM,
  payload: Uint8Array = Uint8Array.of(counter % 256),
): AircEvent {
  return {
    eventId: uuidV4(random),
    channel,
    peerId: NIL_UUID,
    clientId: NIL_UUID,
    kind: 'message',
    delivery: 'durable',
    epoch: 1,
    counter,
    occurredAtMs: counter,
    target: { kind: 'all' },
    headers: new Map([['x', 'y']]),
    payload,
  };
}
const events = (count: number, channel?: string, payload?: Uint8Array): AircEvent[] =>
  Array.from({ length: count }, (_, index) => event(index, channel, payload));
const countersOf = (page: readonly AircEvent[]): number[] => page.map((one) => one.counter);

describe('the store', () => {
  it('gives back what it was given, in order and by place', () => {
    const store = open();
    const all = events(10);
    store.append(all);
    store.append(events(3, OTHER));
    expect(store.after(ROOM, ZERO_CURSOR, 100)).toEqual(all);
    expect(store.newest(ROOM, 3)).toEqual(all.slice(-3));
    const [third, sixth] = [all[3], all[6]];
    if (third === undefined || sixth === undefined) throw new Error('There are ten.');
    expect(countersOf(store.after(ROOM, cursorOf(third), 2))).toEqual([4, 5]);
    expect(countersOf(store.after(ROOM, cursorOf(third), 100, cursorOf(sixth)))).toEqual([4, 5, 6]);
    expect(store.tip(ROOM)).toEqual(cursorOf(all[9] ?? sixth));
    expect(store.tip(NIL_UUID)).toBeUndefined();
  });

  it('orders by place in full, also within one counter', () => {
    const store = open();
    const high = { ...event(1), eventId: 'ffffffff-ffff-4fff-8fff-ffffffffffff' };
    const low = { ...event(1), eventId: '00000000-0000-4000-8000-000000000000' };
    store.append([high, low]);
    expect(store.after(ROOM, cursorOf(low), 10)).toEqual([high]);
    expect(store.tip(ROOM)).toEqual(cursorOf(high));
  });

  it('is all or nothing', () => {
    const store = open();
    const [first, second] = events(2);
    if (first === undefined || second === undefined) throw new Error('There are two.');
    expect(() => store.append([first, second, first])).toThrow(
      expect.objectContaining({ code: 'StorageFailed' }),
    );
    expect(store.tip(ROOM)).toBeUndefined();
    store.append([first, second]);
    expect(countersOf(store.newest(ROOM, 5))).toEqual([0, 1]);
  });

  it('cuts a page that would not fit a frame, but never to nothing', () => {
    const store = open();
    const megabytes = (count: number): Uint8Array => new Uint8Array(count * 1024 * 1024).fill(200);
    for (let counter = 0; counter < 5; counter += 1) store.append([event(counter, ROOM, megabytes(2))]);
    store.append([event(9, OTHER, megabytes(7))]);
    expect(countersOf(store.after(ROOM, ZERO_CURSOR, 100))).toEqual([0, 1]);
    expect(countersOf(store.newest(ROOM, 100))).toEqual([3, 4]);
    expect(countersOf(store.after(OTHER, ZERO_CURSOR, 100))).toEqual([9]);
  });

  it('counts starts, and keeps the id it got at the first', () => {
    expect(open().begin('a')).toEqual({ epoch: 1, peerId: 'a' });
    stores.pop()?.close();
    expect(open().begin('b')).toEqual({ epoch: 2, peerId: 'a' });
  });

  it('is for one process at a time', () => {
    open();
    expect(() => open()).toThrow(expect.objectContaining({ code: 'DaemonStartFailed' }));
  });
});

describe('retention', () => {
  it('keeps the newest of a room', () => {
    const store = open({ maxEventsPerRoom: 10, maxBytes: 1e9 });
    for (const one of events(25)) store.append([one]);
    store.append(events(5, OTHER));
    expect(countersOf(store.newest(ROOM, 100))).toEqual([15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
    expect(store.newest(OTHER, 100)).toHaveLength(5);
  });

  it('takes from the biggest room when there is too much, and leaves every room its newest', () => {
    const store = open({ maxEventsPerRoom: 1_000, maxBytes: 100_000 });
    store.append(events(3, OTHER));
    for (let counter = 0; counter < 50; counter += 1)
      store.append([event(counter, ROOM, new Uint8Array(10_000))]);
    const kept = countersOf(store.newest(ROOM, 100));
    expect(kept.length).toBeLessThanOrEqual(9);
    expect(kept.at(-1)).toBe(49);
    expect(store.newest(OTHER, 100)).toHaveLength(3);
    store.append([event(99, ROOM, new Uint8Array(200_000))]);
    expect(countersOf(store.newest(ROOM, 100))).toEqual([99]);
    expect(store.newest(OTHER, 100)).toHaveLength(1);
  });
});

describe('versions', () => {
  const create: Migration = (database) => database.exec('CREATE TABLE a (x); INSERT INTO a VALUES (1)');
  const extend: Migration = (database) => database.exec('CREATE TABLE b (y)');
  const tablesIn = (name: string): unknown[] => {
    const database = new Database(join(folder, name));
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .all([]);
    database.close();
    return tables.map((row) => (row as { readonly name: string }).name);
  };

  it('from an older one is brought up, with a copy made before', () => {
    openVersionedDatabase(file(), [create]).close();
    openVersionedDatabase(file(), [create, extend]).close();
    expect(tablesIn('airc.db')).toEqual(['a', 'b']);
    expect(tablesIn('airc.db.v1')).toEqual(['a']);
  });

  it('that cannot be brought up stays as it was', () => {
    openVersionedDatabase(file(), [create]).close();
    const failing: Migration = (database) => {
      extend(database);
      database.exec('not SQL');
    };
    expect(() => openVersionedDatabase(file(), [create, failing])).toThrow(
      expect.objectContaining({ code: 'StorageFailed' }),
    );
    openVersionedDatabase(file(), [create]).close();
    expect(tablesIn('airc.db')).toEqual(['a']);
  });

  it('from a newer one is refused and left alone', () => {
    openVersionedDatabase(file(), [create, extend]).close();
    expect(() => openVersionedDatabase(file(), [create])).toThrow(
      expect.objectContaining({ code: 'StoreTooNew' }),
    );
    expect(tablesIn('airc.db')).toEqual(['a', 'b']);
    expect(readdirSync(folder).filter((name) => name.includes('.v'))).toEqual([]);
  });

  it('of a file that is no database is refused', () => {
    const database = join(folder, 'airc.db');
    rmSync(database, { force: true });
    expect(() => openVersionedDatabase(folder, [create])).toThrow(
      expect.objectContaining({ code: 'StorageFailed' }),
    );
  });
});
