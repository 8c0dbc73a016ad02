/** Owns cutting a page of the inbox to what one message holds; the reader asks again from where it ends. */
import { cursorOf, type Cursor } from '../../shared/airc/model.ts';
import type { InboxPage } from '../../shared/airc/connection.ts';
import type { BridgeEvent } from '../../shared/bridge/messages.ts';
import type { MethodResult } from '../../shared/bridge/protocol.ts';
import { jsonBytes, MAX_EVENT_BYTES, toBridgeEvent } from './bridge-event.ts';

/** `keep` says which end matters: the first events after a cursor, or the newest ones of the room. */
export function toInboxResult(page: InboxPage, keep: 'first' | 'newest'): MethodResult<'inbox'> {
  const kept: BridgeEvent[] = [];
  let bytes = 0;
  const inOrderOfWorth = keep === 'first' ? page.events : [...page.events].reverse();
  for (const event of inOrderOfWorth) {
    const converted = toBridgeEvent(event);
    bytes += jsonBytes(converted) + 1;
    if (bytes > MAX_EVENT_BYTES && kept.length > 0) break;
    kept.push(converted);
  }
  if (keep === 'newest') kept.reverse();
  const newest = newestOf(kept, page);
  return newest === undefined ? { events: kept } : { events: kept, newest };
}

function newestOf(kept: readonly BridgeEvent[], page: InboxPage): Cursor | undefined {
  const last = kept.at(-1);
  const isWhole = last?.eventId === page.events.at(-1)?.eventId;
  return isWhole ? page.newest : last && cursorOf(last);
}
