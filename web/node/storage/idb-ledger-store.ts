/** Owns the ledger of frames in IndexedDB. */
import { AppError } from '../../../shared/errors.ts';
import type { NodeDatabase } from './database.ts';
import { isFinished, mayAdvance, UNFINISHED } from './frame-states.ts';
import { stored } from './stored.ts';
import type { LedgerStore } from './stores.ts';

export function createIdbLedgerStore(database: NodeDatabase): LedgerStore {
  return {
    open: (row) =>
      stored(async () => {
        const transaction = database.transaction('ledger', 'readwrite');
        const key = coveredKey(row.peerId, row.triggerEventId);
        const covered = await transaction.store.index('coveredKeys').getKey(key);
        if (covered === undefined) await transaction.store.add(row);
        await transaction.done;
        return covered === undefined;
      }),
    advance: (peerId, triggerEventId, change) =>
      stored(async () => {
        const transaction = database.transaction('ledger', 'readwrite');
        const present = await transaction.store.get([peerId, triggerEventId]);
        if (!present || !mayAdvance(present.state, change.state)) {
          await transaction.done;
          throw new AppError('Internal', `A frame cannot go from "${present?.state}" to "${change.state}".`);
        }
        const next = { ...present, ...change };
        await transaction.store.put(next);
        await transaction.done;
        return next;
      }),
    covered: (peerId, eventIds) =>
      stored(async () => {
        const index = database.transaction('ledger').store.index('coveredKeys');
        const found = new Set<string>();
        for (const eventId of eventIds) {
          if ((await index.getKey(coveredKey(peerId, eventId))) !== undefined) found.add(eventId);
        }
        return found;
      }),
    prune: (peerId, beforeMs) =>
      stored(async () => {
        const transaction = database.transaction('ledger', 'readwrite');
        for (let at = await transaction.store.openCursor(); at; at = await at.continue()) {
          const { value: row } = at;
          if (row.peerId === peerId && isFinished(row.state) && row.updatedAtMs < beforeMs) await at.delete();
        }
        await transaction.done;
      }),
    unfinished: (peerId) =>
      stored(async () => {
        const index = database.transaction('ledger').store.index('state');
        const rows = await Promise.all(UNFINISHED.map((state) => index.getAll(state)));
        return rows
          .flat()
          .filter((row) => row.peerId === peerId)
          .sort((a, b) => a.updatedAtMs - b.updatedAtMs);
      }),
  };
}

export function coveredKey(peerId: string, eventId: string): string {
  return `${peerId}:${eventId}`;
}
