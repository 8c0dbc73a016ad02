/** Owns how much the embedded daemon keeps: the oldest events go first, of a room that has too many, or of the biggest. */
import type Database from 'libsql';
import type { AircEvent, Uuid } from '../../../shared/airc/model.ts';
import { envelopeOf } from './envelopes.ts';

/** The newest event of a room always stays, so that its tip does. */
export interface Retention {
  readonly maxEventsPerRoom: number;
  /** Of all envelopes together. */
  readonly maxBytes: number;
}

export const RETENTION: Retention = { maxEventsPerRoom: 50_000, maxBytes: 512 * 1024 * 1024 };

/** Events deleted at once from the biggest room, so that not every commit deletes one. */
const STEP = 256;

interface RoomRow {
  readonly channel: Uuid;
  readonly events: number;
  readonly bytes: number;
}

/** Counts what was appended and deletes until every bound holds; in the transaction of the append. */
export function retain(
  database: Database.Database,
  appended: readonly AircEvent[],
  { maxEventsPerRoom, maxBytes }: Retention,
): void {
  for (const [channel, sizes] of sizesByRoom(appended)) {
    const room = database
      .prepare(
        `INSERT INTO rooms (channel, events, bytes) VALUES (?, ?, ?)
         ON CONFLICT (channel) DO UPDATE SET events = events + excluded.events, bytes = bytes + excluded.bytes
         RETURNING channel, events, bytes`,
      )
      .get([channel, sizes.length, sum(sizes)]) as RoomRow;
    if (room.events > maxEventsPerRoom) dropOldest(database, channel, room.events - maxEventsPerRoom);
  }
  while (totalBytes(database) > maxBytes) {
    const biggest = database
      .prepare('SELECT channel, events, bytes FROM rooms WHERE events > 1 ORDER BY bytes DESC LIMIT 1')
      .get([]) as RoomRow | undefined;
    if (biggest === undefined) return;
    dropOldest(database, biggest.channel, Math.min(STEP, biggest.events - 1));
  }
}

function dropOldest(database: Database.Database, channel: Uuid, count: number): void {
  const oldest = `SELECT id FROM events WHERE channel = ? ORDER BY epoch, counter, event_id LIMIT ?`;
  const { bytes } = database
    .prepare(`SELECT sum(length(envelope)) AS bytes FROM events WHERE id IN (${oldest})`)
    .get([channel, count]) as Pick<RoomRow, 'bytes'>;
  database.prepare(`DELETE FROM events WHERE id IN (${oldest})`).run([channel, count]);
  database
    .prepare('UPDATE rooms SET events = events - ?, bytes = bytes - ? WHERE channel = ?')
    .run([count, bytes, channel]);
}

function totalBytes(database: Database.Database): number {
  const { bytes } = database.prepare('SELECT sum(bytes) AS bytes FROM rooms').get([]) as Pick<
    RoomRow,
    'bytes'
  >;
  return bytes;
}

function sizesByRoom(events: readonly AircEvent[]): Map<Uuid, number[]> {
  const rooms = new Map<Uuid, number[]>();
  for (const event of events) {
    const sizes = rooms.get(event.channel) ?? [];
    sizes.push(envelopeOf(event).length);
    rooms.set(event.channel, sizes);
  }
  return rooms;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
