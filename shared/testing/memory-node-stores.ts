/**
 * Owns the node's stores in memory, with a disk that outlives a crash: what an operation committed is there after it,
 * whatever the caller got to hear of it.
 */
import type { Cursor, Uuid } from '../airc/model.ts';
import { AppError } from '../errors.ts';
import type { LedgerRow, OutboxRow, RoomLogRow } from '../../web/node/storage/database.ts';
import { isFinished, mayAdvance } from '../../web/node/storage/frame-states.ts';
import type { LedgerStore, NodeStores, OutboxStore, RoomStore } from '../../web/node/storage/stores.ts';

/** What survives: one of these per simulated browser profile. */
export interface MemoryDisk {
  readonly log: Map<Uuid, RoomLogRow[]>;
  readonly cursors: Map<string, Cursor>;
  readonly positions: Map<string, number>;
  readonly ledger: Map<string, LedgerRow>;
  readonly outbox: Map<Uuid, OutboxRow>;
  readonly settings: Map<string, unknown>;
}

export function createMemoryDisk(): MemoryDisk {
  return {
    log: new Map(),
    cursors: new Map(),
    positions: new Map(),
    ledger: new Map(),
    outbox: new Map(),
    settings: new Map(),
  };
}

/** Awaited before and after every commit: where a simulated crash strikes (by never resolving). */
export type StoreStep = () => Promise<void>;

/** The stores of one process on `disk`. */
export function createMemoryStores(disk: MemoryDisk, step: StoreStep = () => Promise.resolve()): NodeStores {
  const commit = async <T>(transaction: () => T): Promise<T> => {
    await step();
    // Not copied: every row is read-only by its type.
    const result = transaction();
    await step();
    return result;
  };
  return {
    room: createRoomStore(disk, commit),
    ledger: createLedgerStore(disk, commit),
    outbox: createOutboxStore(disk, commit),
    settings: {
      get: (key) => commit(() => disk.settings.get(key)),
      put: (key, value) => commit(() => void disk.settings.set(key, value)),
    },
  };
}

type Commit = <T>(transaction: () => T) => Promise<T>;

function createRoomStore(disk: MemoryDisk, commit: Commit): RoomStore {
  const log = (channel: Uuid): RoomLogRow[] => {
    const rows = disk.log.get(channel) ?? [];
    disk.log.set(channel, rows);
    return rows;
  };
  return {
    cursor: (daemonKey, channel) => commit(() => disk.cursors.get(`${daemonKey}|${channel}`)),
    append: ({ daemonKey, channel, rows, cursor }) =>
      commit(() => {
        const present = log(channel);
        const added: RoomLogRow[] = [];
        for (const row of rows) {
          if (present.some((other) => other.eventId === row.eventId)) continue;
          const placed = { ...row, arrival: (present.at(-1)?.arrival ?? 0) + 1 };
          present.push(placed);
          added.push(placed);
        }
        disk.cursors.set(`${daemonKey}|${channel}`, cursor);
        return added;
      }),
    lastArrival: (channel) => commit(() => log(channel).at(-1)?.arrival ?? 0),
    after: (channel, arrival, limit) =>
      commit(() =>
        log(channel)
          .filter((row) => row.arrival > arrival)
          .slice(0, limit),
      ),
    before: (channel, arrival, limit) =>
      commit(() =>
        log(channel)
          .filter((row) => row.arrival < arrival)
          .slice(-limit),
      ),
    byEventId: (channel, eventId) => commit(() => log(channel).find((row) => row.eventId === eventId)),
    byMid: (channel, peerId, mid) =>
      commit(() => log(channel).find((row) => row.mid === mid && row.peerId === peerId)),
    prune: (channel, keep) =>
      commit(() => {
        const rows = log(channel);
        rows.splice(0, Math.max(0, rows.length - keep));
      }),
    readPosition: (peerId, channel) => commit(() => disk.positions.get(`${peerId}|${channel}`)),
    setReadPosition: (peerId, channel, arrival) =>
      commit(() => {
        const key = `${peerId}|${channel}`;
        disk.positions.set(key, Math.max(arrival, disk.positions.get(key) ?? 0));
      }),
  };
}

function createLedgerStore(disk: MemoryDisk, commit: Commit): LedgerStore {
  const covers = (peerId: Uuid, eventId: Uuid): boolean =>
    [...disk.ledger.values()].some((row) => row.coveredKeys.includes(`${peerId}:${eventId}`));
  return {
    open: (row) =>
      commit(() => {
        if (covers(row.peerId, row.triggerEventId)) return false;
        disk.ledger.set(`${row.peerId}|${row.triggerEventId}`, row);
        return true;
      }),
    advance: (peerId, triggerEventId, change) =>
      commit(() => {
        const key = `${peerId}|${triggerEventId}`;
        const present = disk.ledger.get(key);
        if (!present || !mayAdvance(present.state, change.state)) {
          throw new AppError('Internal', `A frame cannot go from "${present?.state}" to "${change.state}".`);
        }
        const next = { ...present, ...change };
        disk.ledger.set(key, next);
        return next;
      }),
    covered: (peerId, eventIds) =>
      commit(() => new Set(eventIds.filter((eventId) => covers(peerId, eventId)))),
    prune: (peerId, beforeMs) =>
      commit(() => {
        for (const [key, row] of disk.ledger) {
          if (row.peerId === peerId && isFinished(row.state) && row.updatedAtMs < beforeMs)
            disk.ledger.delete(key);
        }
      }),
    unfinished: (peerId) =>
      commit(() =>
        [...disk.ledger.values()]
          .filter((row) => row.peerId === peerId && !isFinished(row.state))
          .sort((a, b) => a.updatedAtMs - b.updatedAtMs),
      ),
  };
}

function createOutboxStore(disk: MemoryDisk, commit: Commit): OutboxStore {
  return {
    get: (mid) => commit(() => disk.outbox.get(mid)),
    put: (row) => commit(() => void disk.outbox.set(row.mid, row)),
    remove: (mids) =>
      commit(() => {
        for (const mid of mids) disk.outbox.delete(mid);
      }),
    all: (peerId) =>
      commit(() =>
        [...disk.outbox.values()]
          .filter((row) => row.peerId === peerId)
          .sort((a, b) => a.createdAtMs - b.createdAtMs),
      ),
  };
}
