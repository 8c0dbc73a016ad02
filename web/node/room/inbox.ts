/** Owns reading the daemon's durable order: paging after a cursor, and looking a message up by its id. */
import { cursorOf, type Cursor, type Uuid } from '../../../shared/airc/model.ts';
import { MAX_INBOX_LIMIT } from '../../../shared/bridge/limits.ts';
import type { BridgeEvent } from '../../../shared/bridge/messages.ts';
import type { BridgeSession } from '../bridge/bridge-session.ts';

export interface InboxSlice {
  /** Oldest first; never empty. */
  readonly events: readonly BridgeEvent[];
  readonly newest: Cursor;
}

/** Pages strictly after `since` up to the end. A page may be short of the limit, so only an empty one is the end. */
export async function* inboxAfter(
  session: BridgeSession,
  channel: Uuid,
  since: Cursor,
  signal: AbortSignal,
): AsyncGenerator<InboxSlice> {
  let at = since;
  for (;;) {
    const page = await session.request('inbox', { channel, since: at, limit: MAX_INBOX_LIMIT }, { signal });
    const last = page.events.at(-1);
    if (!last) return;
    at = page.newest ?? cursorOf(last);
    yield { events: page.events, newest: at };
  }
}

/** The newest events of the room, oldest first. */
export async function inboxNewest(
  session: BridgeSession,
  channel: Uuid,
  signal: AbortSignal,
): Promise<InboxSlice | undefined> {
  const page = await session.request('inbox', { channel, limit: MAX_INBOX_LIMIT }, { signal });
  const last = page.events.at(-1);
  return last && { events: page.events, newest: page.newest ?? cursorOf(last) };
}

/** Which of these messages of `peerId` stand in the daemon's store after `since`: message id → its place. */
export async function findSayings(
  session: BridgeSession,
  query: {
    readonly channel: Uuid;
    readonly peerId: Uuid;
    readonly mids: ReadonlySet<Uuid>;
    readonly since: Cursor;
  },
  signal: AbortSignal,
): Promise<ReadonlyMap<Uuid, Cursor>> {
  const found = new Map<Uuid, Cursor>();
  for await (const slice of inboxAfter(session, query.channel, query.since, signal)) {
    for (const event of slice.events) {
      if (event.peerId !== query.peerId) continue;
      const mid = event.headers.find(([key]) => key === 'x-persona.mid')?.[1];
      if (mid !== undefined && query.mids.has(mid) && !found.has(mid)) {
        found.set(mid, cursorOf(event));
      }
    }
    if (found.size === query.mids.size) break;
  }
  return found;
}
