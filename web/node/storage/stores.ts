/**
 * Owns the interfaces to what the node keeps. Every method is one transaction: done whole or not at all, and done when
 * its promise resolves. Every one rejects with `StorageFailed`. IndexedDB in the product, memory in the simulation.
 */
import type { Cursor, Uuid } from '../../../shared/airc/model.ts';
import type { LedgerRow, OutboxRow, RoomLogRow } from './database.ts';

/** A row before the store gave it its place. */
export type NewRoomLogRow = Omit<RoomLogRow, 'arrival'>;

export interface RoomStore {
  /** How far this daemon's order of the room is stored without a gap. */
  cursor(daemonKey: string, channel: Uuid): Promise<Cursor | undefined>;
  /**
   * Stores the rows that are not there yet, in the given order, together with the cursor, and returns the new ones.
   * "Not there yet" is asked of the event ids, never of a watermark.
   */
  append(batch: {
    readonly daemonKey: string;
    readonly channel: Uuid;
    readonly rows: readonly NewRoomLogRow[];
    readonly cursor: Cursor;
  }): Promise<readonly RoomLogRow[]>;
  /** Arrival of the newest row; 0 for an empty log. */
  lastArrival(channel: Uuid): Promise<number>;
  /** At most `limit` rows with `arrival` after the given one, oldest first. */
  after(channel: Uuid, arrival: number, limit: number): Promise<readonly RoomLogRow[]>;
  /** At most `limit` rows with `arrival` before the given one (Infinity: the newest), oldest first. */
  before(channel: Uuid, arrival: number, limit: number): Promise<readonly RoomLogRow[]>;
  byEventId(channel: Uuid, eventId: Uuid): Promise<RoomLogRow | undefined>;
  /** The first row with this message id of this sender. */
  byMid(channel: Uuid, peerId: Uuid, mid: Uuid): Promise<RoomLogRow | undefined>;
  /** Drops all but the newest `keep` rows. */
  prune(channel: Uuid, keep: number): Promise<void>;
  readPosition(peerId: Uuid, channel: Uuid): Promise<number | undefined>;
  /** Only moves forward. */
  setReadPosition(peerId: Uuid, channel: Uuid, arrival: number): Promise<void>;
}

/** What a step of a frame may set. */
export type LedgerChange = Pick<LedgerRow, 'state' | 'updatedAtMs'> &
  Partial<Pick<LedgerRow, 'turnId' | 'text' | 'reason' | 'publishedEventId'>>;

export interface LedgerStore {
  /** Stores a new frame; false, and nothing stored, when its trigger is already covered by one. */
  open(row: LedgerRow): Promise<boolean>;
  /** Steps a frame forward. Rejects with `Internal` for a step back: that would be a second answer. */
  advance(peerId: Uuid, triggerEventId: Uuid, change: LedgerChange): Promise<LedgerRow>;
  /** Of these events, those that a frame of this persona covers. */
  covered(peerId: Uuid, eventIds: readonly Uuid[]): Promise<ReadonlySet<Uuid>>;
  /** Frames that have not come to an end, oldest first. */
  unfinished(peerId: Uuid): Promise<readonly LedgerRow[]>;
  /** Drops the frames that ended before that wall time. */
  prune(peerId: Uuid, beforeMs: number): Promise<void>;
}

export interface OutboxStore {
  get(mid: Uuid): Promise<OutboxRow | undefined>;
  put(row: OutboxRow): Promise<void>;
  remove(mids: readonly Uuid[]): Promise<void>;
  /** Oldest first. */
  all(peerId: Uuid): Promise<readonly OutboxRow[]>;
}

/** Small plain values under a name of the caller. */
export interface SettingsStore {
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
}

export interface NodeStores {
  readonly room: RoomStore;
  readonly ledger: LedgerStore;
  readonly outbox: OutboxStore;
  readonly settings: SettingsStore;
}
