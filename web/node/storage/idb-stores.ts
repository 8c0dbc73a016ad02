/** Owns the node's stores over one open database. */
import type { NodeDatabase } from './database.ts';
import { createIdbLedgerStore } from './idb-ledger-store.ts';
import { createIdbOutboxStore, createIdbSettingsStore } from './idb-outbox-store.ts';
import { createIdbRoomStore } from './idb-room-store.ts';
import type { NodeStores } from './stores.ts';

export function createIdbStores(database: NodeDatabase): NodeStores {
  return {
    room: createIdbRoomStore(database),
    ledger: createIdbLedgerStore(database),
    outbox: createIdbOutboxStore(database),
    settings: createIdbSettingsStore(database),
  };
}
