/** Owns the question whether a message is in the room: by the log where that still knows, else by the room itself. */
import {
  compareCursors,
  cursorOf,
  NIL_UUID,
  ZERO_CURSOR,
  type Cursor,
  type Uuid,
} from '../../../shared/airc/model.ts';
import type { Clock } from '../../../shared/clock.ts';
import { findSayings } from '../room/inbox.ts';
import type { RoomFeed } from '../room/room-feed.ts';
import type { OutboxRow } from '../storage/database.ts';
import type { RoomStore } from '../storage/stores.ts';

export interface RoomLookupDeps {
  readonly peerId: Uuid;
  readonly log: Pick<RoomStore, 'byMid'>;
  readonly feed: RoomFeed;
  readonly clock: Clock;
}

/**
 * From the moment a try is known to have failed: what was handed to the daemon is in its order by then, also where the
 * daemon was so busy that the call was given up.
 */
const SETTLE_MS = 3_000;

export class RoomLookup {
  readonly #deps: RoomLookupDeps;

  constructor(deps: RoomLookupDeps) {
    this.#deps = deps;
  }

  /** The place of a message that may have been sent, or said by her other home; waits until a late try is in order. */
  async search(row: OutboxRow, signal: AbortSignal): Promise<Cursor | undefined> {
    const { clock, log, peerId } = this.#deps;
    // Not for what was in the room before: that is looked up because the daemon may have lost it.
    const known = row.receipt ? undefined : await log.byMid(row.channel, peerId, row.mid);
    if (known && !this.#mayBeLost(row, known)) return cursorOf(known);
    const settledAtMs = (row.lastTryAtMs ?? 0) + SETTLE_MS;
    const waitMs = Math.min(SETTLE_MS, settledAtMs - clock.nowMs());
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    // Her other home may have said it before this row was written.
    const after = known && compareCursors(known, row.after) <= 0 ? rightBefore(known) : row.after;
    return (await this.find(new Set([row.mid]), { ...row, after }, signal)).get(row.mid);
  }

  /** Where these are in the room, of those that are. */
  async find(
    mids: ReadonlySet<Uuid>,
    from: { readonly after: Cursor; readonly daemonKey: string },
    signal: AbortSignal,
  ): ReturnType<typeof findSayings> {
    const { feed, peerId } = this.#deps;
    const session = await feed.whenCaughtUp(signal);
    // A cursor means nothing at another daemon: there the whole room is read.
    const since = from.daemonKey === feed.position.daemonKey ? from.after : ZERO_CURSOR;
    return findSayings(session, { channel: feed.room.channel, peerId, mids, since }, signal);
  }

  /** The log keeps what a daemon forgets: after a start of the daemon only the room knows. */
  #mayBeLost(row: OutboxRow, place: Cursor): boolean {
    const { cursor, daemonKey } = this.#deps.feed.position;
    return row.daemonKey === daemonKey && (place.epoch !== cursor.epoch || compareCursors(place, cursor) > 0);
  }
}

export function rightBefore({ epoch, counter }: Cursor): Cursor {
  return { epoch, counter, eventId: NIL_UUID };
}
