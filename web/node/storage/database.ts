/** Owns the IndexedDB schema of the node: one database, every store, its version and its migrations. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { AppError, type WireError } from '../../../shared/errors.ts';
import type { AircEvent, Cursor, Uuid } from '../../../shared/airc/model.ts';
import type { Seed } from '../../../shared/persona/identity.ts';

export const DATABASE_NAME = 'persona-node';
/** A change of any row's form is a new number with a migration below. */
export const DATABASE_VERSION = 1;

/** A private key sealed to the household's public half; opened only with the recovery code. All fields base64url. */
export interface SealedKey {
  readonly ephemeralPublicKey: string;
  readonly nonce: string;
  readonly ciphertext: string;
}

export interface SeedRow {
  readonly peerId: Uuid;
  readonly agentName: string;
  /** Checked against SeedSchema at every read: a malformed one is reported and kept. */
  readonly seed: Seed;
  /** Non-extractable Ed25519 private key. */
  readonly privateKey: CryptoKey;
  readonly sealed: SealedKey;
  /** Absent for who was born in this browser. */
  readonly restoredAtMs?: number;
}

/** A private key encrypted under a key derived from the recovery code. All texts base64url. */
export interface LockedKey {
  readonly salt: string;
  readonly iterations: number;
  readonly nonce: string;
  readonly ciphertext: string;
}

export interface HouseholdRow {
  readonly id: 'household';
  /** X25519, raw, base64url. */
  readonly publicKey: string;
  /** The private half. */
  readonly lockedPrivateKey: LockedKey;
  /** Ed25519, raw, base64url: signs backup files, since anybody can seal a key to a public half. */
  readonly signingPublicKey: string;
  /** Non-extractable. */
  readonly signingKey: CryptoKey;
  /** Erased once the person confirmed that it is saved. */
  readonly recoveryCode?: string;
}

export interface SessionRow {
  readonly id: 'session';
  readonly sessionId: string;
  /** Non-extractable Ed25519 key that signs every socket's nonce. */
  readonly privateKey: CryptoKey;
  readonly publicKey: string;
}

/**
 * One event of a room as it was first seen. The order of the log is `arrival`: in one daemon's order it follows
 * (epoch, counter, eventId), and it still tells what came later when that daemon's store is replaced or another
 * daemon takes over. Read positions are arrivals, so that a line found late is behind nobody's back.
 */
export interface RoomLogRow extends Omit<AircEvent, 'headers' | 'payload' | 'target'> {
  /** Dense per channel, from 1; given by the store. */
  readonly arrival: number;
  readonly headers: readonly (readonly [string, string])[];
  /** Undefined for events without chat text. */
  readonly text?: string;
  readonly signature: 'valid' | 'invalid' | 'unsigned';
  /** From valid headers: the sender's own message id. */
  readonly mid?: Uuid;
  /** From valid headers. */
  readonly name?: string;
  readonly kindOfSender: 'persona' | 'human' | 'agent' | 'unknown';
}

/** How far one daemon's order of one room was stored; `tip` is the greatest durable cursor. */
export interface RoomCursorRow {
  /** The daemon's socket path: cursors of another daemon mean nothing. */
  readonly daemonKey: string;
  readonly channel: Uuid;
  readonly cursor: Cursor;
}

/** A frame: one turn's trigger, what it covers, and how far it came. States only move forward. */
export interface LedgerRow {
  readonly peerId: Uuid;
  readonly triggerEventId: Uuid;
  readonly channel: Uuid;
  readonly coveredEventIds: readonly Uuid[];
  /** `peerId:eventId` of trigger and covered events: a covered event never triggers again. */
  readonly coveredKeys: readonly string[];
  readonly turnId: Uuid;
  /** The reply's message id, fixed before anything is published: UUIDv5(peer id, trigger event id). */
  readonly mid: Uuid;
  readonly state: 'seen' | 'claimed' | 'drafted' | 'publishing' | 'published' | 'silent' | 'errored';
  readonly text?: string;
  readonly reason?: string;
  readonly publishedEventId?: Uuid;
  readonly updatedAtMs: number;
}

/** Something said that is not yet known to be in the room. */
export interface OutboxRow {
  readonly mid: Uuid;
  readonly peerId: Uuid;
  readonly channel: Uuid;
  readonly text: string;
  readonly headers: readonly (readonly [string, string])[];
  /**
   * `waiting`: never tried. `uncertain`: a try is or was under way, so the room is searched before the next one.
   * `said`: acknowledged; kept a while, since the real daemon can lose acknowledged events. `failed`: the person decides.
   */
  readonly state: 'waiting' | 'uncertain' | 'said' | 'failed';
  readonly createdAtMs: number;
  /** Of the lease under which it was decided: under a later one, her other home may have said it meanwhile. */
  readonly fence?: number;
  /** The room's durable cursor when it was written: in this daemon's order the message stands after it. */
  readonly daemonKey: string;
  readonly after: Cursor;
  readonly lastTryAtMs?: number;
  /** Of `failed`. */
  readonly error?: WireError;
  /** Of `said`. */
  readonly receipt?: { readonly eventId: Uuid; readonly epoch: number };
}

export interface ReadPositionRow {
  readonly peerId: Uuid;
  readonly channel: Uuid;
  /** Arrival of the last row that was dealt with. */
  readonly arrival: number;
}

export interface NodeSchema extends DBSchema {
  seeds: { key: Uuid; value: SeedRow; indexes: { agentName: string } };
  household: { key: 'household'; value: HouseholdRow };
  session: { key: 'session'; value: SessionRow };
  roomLog: {
    key: [Uuid, Uuid];
    value: RoomLogRow;
    indexes: { arrival: [Uuid, number]; mid: Uuid };
  };
  roomCursors: { key: [string, Uuid]; value: RoomCursorRow };
  ledger: { key: [Uuid, Uuid]; value: LedgerRow; indexes: { state: string; coveredKeys: string } };
  outbox: { key: Uuid; value: OutboxRow };
  readPositions: { key: [Uuid, Uuid]; value: ReadPositionRow };
  /** Model files the person opened: the bytes are in OPFS, this is their record. */
  settings: { key: string; value: unknown };
}

export type NodeDatabase = IDBPDatabase<NodeSchema>;

/**
 * Opens the database, creating it at first use. Rejects with `StoreTooNew` when a newer version wrote it and with
 * `StorageFailed` otherwise; nothing is deleted in either case. `onLost` runs when the browser closed it under us or a
 * newer page wants to upgrade.
 */
export async function openNodeDatabase(onLost: (error: AppError) => void): Promise<NodeDatabase> {
  try {
    return await openDB<NodeSchema>(DATABASE_NAME, DATABASE_VERSION, {
      upgrade: (db, oldVersion) => {
        if (oldVersion < 1) createVersion1(db);
      },
      blocking: (_current, _blocked, event) => {
        (event.target as IDBDatabase).close();
        onLost(new AppError('StoreTooNew', 'A newer version of the page is open in another tab.'));
      },
      terminated: () => {
        onLost(new AppError('StorageFailed', 'The browser closed the database.'));
      },
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'VersionError') {
      throw new AppError('StoreTooNew', 'The stored data is of a newer version than this page.', {
        cause: error,
      });
    }
    throw new AppError('StorageFailed', 'The browser database could not be opened.', { cause: error });
  }
}

function createVersion1(db: NodeDatabase): void {
  db.createObjectStore('seeds', { keyPath: 'peerId' }).createIndex('agentName', 'agentName', {
    unique: true,
  });
  db.createObjectStore('household', { keyPath: 'id' });
  db.createObjectStore('session', { keyPath: 'id' });
  const roomLog = db.createObjectStore('roomLog', { keyPath: ['channel', 'eventId'] });
  roomLog.createIndex('arrival', ['channel', 'arrival'], { unique: true });
  roomLog.createIndex('mid', 'mid');
  db.createObjectStore('roomCursors', { keyPath: ['daemonKey', 'channel'] });
  const ledger = db.createObjectStore('ledger', { keyPath: ['peerId', 'triggerEventId'] });
  ledger.createIndex('state', 'state');
  ledger.createIndex('coveredKeys', 'coveredKeys', { multiEntry: true });
  db.createObjectStore('outbox', { keyPath: 'mid' });
  db.createObjectStore('readPositions', { keyPath: ['peerId', 'channel'] });
  db.createObjectStore('settings');
}
