/** Owns the room log, its cursors and the read positions in IndexedDB. */
import type { NodeDatabase, RoomLogRow } from './database.ts';
import type { RoomStore } from './stores.ts';
import { stored } from './stored.ts';

export function createIdbRoomStore(database: NodeDatabase): RoomStore {
  return {
    cursor: (daemonKey, channel) =>
      stored(async () => (await database.get('roomCursors', [daemonKey, channel]))?.cursor),
    append: ({ daemonKey, channel, rows, cursor }) =>
      stored(async () => {
        const transaction = database.transaction(['roomLog', 'roomCursors'], 'readwrite');
        const log = transaction.objectStore('roomLog');
        const last = await log.index('arrival').openKeyCursor(wholeLog(channel), 'prev');
        let arrival = last ? last.key[1] : 0;
        const added: RoomLogRow[] = [];
        for (const row of rows) {
          if ((await log.getKey([row.channel, row.eventId])) !== undefined) continue;
          arrival += 1;
          added.push({ ...row, arrival });
          await log.add({ ...row, arrival });
        }
        await transaction.objectStore('roomCursors').put({ daemonKey, channel, cursor });
        await transaction.done;
        return added;
      }),
    lastArrival: (channel) =>
      stored(async () => {
        const index = database.transaction('roomLog').store.index('arrival');
        return (await index.openKeyCursor(wholeLog(channel), 'prev'))?.key[1] ?? 0;
      }),
    after: (channel, arrival, limit) =>
      stored(() => {
        // A list sorts behind every number: an arrival of Infinity is no empty range, which IndexedDB refuses.
        const range = IDBKeyRange.bound([channel, arrival], [channel, []], true);
        return database.getAllFromIndex('roomLog', 'arrival', range, limit);
      }),
    before: (channel, arrival, limit) =>
      stored(async () => {
        const range = IDBKeyRange.bound([channel, 0], [channel, arrival], false, true);
        const rows: RoomLogRow[] = [];
        let at = await database.transaction('roomLog').store.index('arrival').openCursor(range, 'prev');
        while (at && rows.length < limit) {
          rows.push(at.value);
          at = await at.continue();
        }
        return rows.reverse();
      }),
    byEventId: (channel, eventId) => stored(() => database.get('roomLog', [channel, eventId])),
    byMid: (channel, peerId, mid) =>
      stored(async () =>
        (await database.getAllFromIndex('roomLog', 'mid', mid))
          .filter((row) => row.channel === channel && row.peerId === peerId)
          .sort((a, b) => a.arrival - b.arrival)
          .at(0),
      ),
    prune: (channel, keep) =>
      stored(async () => {
        const transaction = database.transaction('roomLog', 'readwrite');
        const index = transaction.store.index('arrival');
        const last = (await index.openKeyCursor(wholeLog(channel), 'prev'))?.key[1] ?? 0;
        if (last > keep) {
          const old = IDBKeyRange.bound([channel, 0], [channel, last - keep]);
          for (const key of await index.getAllKeys(old)) await transaction.store.delete(key);
        }
        await transaction.done;
      }),
    readPosition: (peerId, channel) =>
      stored(async () => (await database.get('readPositions', [peerId, channel]))?.arrival),
    setReadPosition: (peerId, channel, arrival) =>
      stored(async () => {
        const transaction = database.transaction('readPositions', 'readwrite');
        const present = await transaction.store.get([peerId, channel]);
        if ((present?.arrival ?? -1) < arrival) await transaction.store.put({ peerId, channel, arrival });
        await transaction.done;
      }),
  };
}

function wholeLog(channel: string): IDBKeyRange {
  return IDBKeyRange.bound([channel, 0], [channel, Infinity]);
}
