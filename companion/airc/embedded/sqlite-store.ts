/** Owns the durable events of the embedded daemon in SQLite. */
import type Database from 'libsql';
import { ZERO_CURSOR, type AircEvent, type Cursor, type Uuid } from '../../../shared/airc/model.ts';
import { AppError } from '../../../shared/errors.ts';
import { envelopeOf, eventOf } from './envelopes.ts';
import { END, readEnvelopes, readTip } from './event-queries.ts';
import type { EventStore } from './event-store.ts';
import { lockFile } from './file-lock.ts';
import { retain, RETENTION, type Retention } from './retention.ts';
import { STORE_MIGRATIONS } from './store-schema.ts';
import { openVersionedDatabase } from './versioned-database.ts';

/** Envelopes of one page: as integers in a frame they take up to twice that, and a frame has 16 MiB. */
const MAX_PAGE_BYTES = 6 * 1024 * 1024;

export class SqliteStore implements EventStore {
  readonly #database: Database.Database;
  readonly #retention: Retention;
  readonly #unlock: () => void;

  /** Throws `DaemonStartFailed` when another process has the file, `StoreTooNew`, or `StorageFailed`. */
  constructor(file: string, retention: Retention = RETENTION) {
    this.#retention = retention;
    this.#unlock = lockFile(file);
    try {
      this.#database = openVersionedDatabase(file, STORE_MIGRATIONS);
    } catch (error) {
      this.#unlock();
      throw error;
    }
  }

  begin(newPeerId: Uuid): { readonly epoch: number; readonly peerId: Uuid } {
    return this.#transaction((database) => {
      const row = database
        .prepare(
          `INSERT INTO daemon (id, peer_id, epoch) VALUES (1, ?, 1)
           ON CONFLICT (id) DO UPDATE SET epoch = epoch + 1 RETURNING epoch, peer_id`,
        )
        .get([newPeerId]) as { readonly epoch: number; readonly peer_id: string };
      return { epoch: row.epoch, peerId: row.peer_id };
    });
  }

  append(events: readonly AircEvent[]): void {
    this.#transaction((database) => {
      const insert = database.prepare(
        'INSERT INTO events (channel, epoch, counter, event_id, envelope) VALUES (?, ?, ?, ?, ?)',
      );
      for (const event of events) {
        const { channel, epoch, counter, eventId } = event;
        // In one array: bound by itself, a Buffer aborts the process.
        insert.run([channel, epoch, counter, eventId, Buffer.from(envelopeOf(event))]);
      }
      retain(database, events, this.#retention);
    });
  }

  after(channel: Uuid, after: Cursor, limit: number, upTo: Cursor = END): readonly AircEvent[] {
    return this.#attempt((database) =>
      readEnvelopes(database, { channel, after, upTo, limit }, 'ASC', MAX_PAGE_BYTES).map(eventOf),
    );
  }

  newest(channel: Uuid, limit: number): readonly AircEvent[] {
    const range = { channel, after: ZERO_CURSOR, upTo: END, limit };
    return this.#attempt((database) =>
      readEnvelopes(database, range, 'DESC', MAX_PAGE_BYTES).map(eventOf).toReversed(),
    );
  }

  tip(channel: Uuid): Cursor | undefined {
    return this.#attempt((database) => readTip(database, channel));
  }

  close(): void {
    this.#database.close();
    this.#unlock();
  }

  #transaction<T>(work: (database: Database.Database) => T): T {
    return this.#attempt((database) => database.transaction(() => work(database)).immediate() as T);
  }

  #attempt<T>(work: (database: Database.Database) => T): T {
    try {
      return work(this.#database);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new AppError('StorageFailed', `The store of the built-in daemon failed: ${message}.`, { cause });
    }
  }
}
