/** Owns the tables of the embedded daemon's store, version by version. */
import type { Migration } from './versioned-database.ts';

/** Never edit an entry that was released: add the next one. */
export const STORE_MIGRATIONS: readonly Migration[] = [
  (database) => {
    database.exec(`
      CREATE TABLE daemon (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        peer_id TEXT NOT NULL,
        epoch INTEGER NOT NULL
      );
      CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        channel TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        counter INTEGER NOT NULL,
        event_id TEXT NOT NULL,
        envelope BLOB NOT NULL
      );
      CREATE UNIQUE INDEX events_in_order ON events (channel, epoch, counter, event_id);
      CREATE TABLE rooms (
        channel TEXT PRIMARY KEY,
        events INTEGER NOT NULL,
        bytes INTEGER NOT NULL
      );
    `);
  },
];
