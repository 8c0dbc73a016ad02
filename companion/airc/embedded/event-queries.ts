/** Owns the statements that read events of one room in order. */
import type Database from 'libsql';
import type { Cursor, Uuid } from '../../../shared/airc/model.ts';

export type Order = 'ASC' | 'DESC';

export interface Range {
  readonly channel: Uuid;
  /** Excluded. */
  readonly after: Cursor;
  /** Included. */
  readonly upTo: Cursor;
  readonly limit: number;
}

export const END: Cursor = {
  epoch: Number.MAX_SAFE_INTEGER,
  counter: Number.MAX_SAFE_INTEGER,
  eventId: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
};

/** Rows carry the driver's `_metadata` beside the columns: columns are taken by name, so it is never seen. */
interface EnvelopeRow {
  /** A Buffer from `get`, but this from `all`. */
  readonly envelope: ArrayBuffer;
}
interface CountRow {
  readonly count: number;
}
interface CursorRow {
  readonly epoch: number;
  readonly counter: number;
  readonly event_id: string;
}

const orderBy = (order: Order): string => `ORDER BY epoch ${order}, counter ${order}, event_id ${order}`;

const inRange = (order: Order): string =>
  `FROM events WHERE channel = ? AND (epoch, counter, event_id) > (?, ?, ?)
   AND (epoch, counter, event_id) <= (?, ?, ?) ${orderBy(order)} LIMIT ?`;

/** From the range's first event (`ASC`) or last (`DESC`) on, as many as fit `maxBytes`, but one at least. */
export function readEnvelopes(
  database: Database.Database,
  range: Range,
  order: Order,
  maxBytes: number,
): Uint8Array[] {
  // The sizes first: a page is never in memory before it is known to be small enough.
  const { count } = database
    .prepare(
      `SELECT count(*) AS count FROM (
         SELECT sum(length(envelope)) OVER (${orderBy(order)} ROWS UNBOUNDED PRECEDING) AS total ${inRange(order)}
       ) WHERE total <= ?`,
    )
    .get([...bindings(range), maxBytes]) as CountRow;
  const rows = database
    .prepare(`SELECT envelope ${inRange(order)}`)
    .all(bindings({ ...range, limit: Math.min(range.limit, Math.max(count, 1)) })) as EnvelopeRow[];
  return rows.map((row) => new Uint8Array(row.envelope));
}

export function readTip(database: Database.Database, channel: Uuid): Cursor | undefined {
  const row = database
    .prepare(`SELECT epoch, counter, event_id FROM events WHERE channel = ? ${orderBy('DESC')} LIMIT 1`)
    .get([channel]) as CursorRow | undefined;
  return row && { epoch: row.epoch, counter: row.counter, eventId: row.event_id };
}

function bindings({ channel, after, upTo, limit }: Range): (string | number)[] {
  return [channel, ...place(after), ...place(upTo), limit];
}

function place({ epoch, counter, eventId }: Cursor): [number, number, string] {
  return [epoch, counter, eventId];
}
