/** Owns defects put in on purpose, to see that the oracle notices: each wraps the stores of every simulated tab. */
import type { StoreMutation } from './sim-tab.ts';

/** The log takes what it is given, known or not. */
export const withoutDedup: StoreMutation = (stores, process, disk) => ({
  ...stores,
  room: {
    ...stores.room,
    append: async (batch) => {
      await process.clock.sleep(1);
      const log = disk.log.get(batch.channel) ?? [];
      disk.log.set(batch.channel, log);
      const added = batch.rows.map((row, index) => ({
        ...row,
        arrival: (log.at(-1)?.arrival ?? 0) + 1 + index,
      }));
      log.push(...added);
      disk.cursors.set(`${batch.daemonKey}|${batch.channel}`, batch.cursor);
      return added;
    },
  },
});

/** The cursor moves first, the rows follow in a transaction of their own: a crash between them loses the rows. */
export const cursorBeforeRows: StoreMutation = (stores) => ({
  ...stores,
  room: {
    ...stores.room,
    append: async (batch) => {
      await stores.room.append({ ...batch, rows: [] });
      return stores.room.append(batch);
    },
  },
});

/** What was acknowledged is forgotten at once: nobody notices when the daemon loses it. */
export const trustingOutbox: StoreMutation = (stores) => ({
  ...stores,
  outbox: {
    ...stores.outbox,
    all: async (peerId) => (await stores.outbox.all(peerId)).filter((row) => row.state !== 'said'),
  },
});
