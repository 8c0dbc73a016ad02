/** Owns the outbox and the settings in IndexedDB. */
import type { NodeDatabase } from './database.ts';
import { stored } from './stored.ts';
import type { OutboxStore, SettingsStore } from './stores.ts';

export function createIdbOutboxStore(database: NodeDatabase): OutboxStore {
  return {
    get: (mid) => stored(() => database.get('outbox', mid)),
    put: (row) =>
      stored(async () => {
        await database.put('outbox', row);
      }),
    remove: (mids) =>
      stored(async () => {
        const transaction = database.transaction('outbox', 'readwrite');
        for (const mid of mids) await transaction.store.delete(mid);
        await transaction.done;
      }),
    all: (peerId) =>
      stored(async () =>
        (await database.getAll('outbox'))
          .filter((row) => row.peerId === peerId)
          .sort((a, b) => a.createdAtMs - b.createdAtMs),
      ),
  };
}

export function createIdbSettingsStore(database: NodeDatabase): SettingsStore {
  return {
    get: (key) => stored(() => database.get('settings', key)),
    put: (key, value) =>
      stored(async () => {
        await database.put('settings', value, key);
      }),
  };
}
