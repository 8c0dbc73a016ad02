/** Owns asking whether the daemon still holds the store that our cursor belongs to. */
import { compareCursors, type Cursor, type Uuid } from '../../../shared/airc/model.ts';
import type { BridgeSession } from '../bridge/bridge-session.ts';
import type { RoomStore } from '../storage/stores.ts';
import { inboxNewest } from './inbox.ts';

export type TipCheck =
  | { readonly kind: 'same' }
  /** The newest acknowledged events are gone after a crash; the order goes on from `tip`. */
  | { readonly kind: 'tail-lost'; readonly tip: Cursor }
  | { readonly kind: 'replaced' };

/**
 * A tip older than the cursor has two causes: the store was replaced, or its daemon crashed before it wrote its tail.
 * They differ in whether the daemon still knows an event that we know.
 */
export async function checkTip(
  session: BridgeSession,
  store: RoomStore,
  channel: Uuid,
  cursor: Cursor,
  signal: AbortSignal,
): Promise<TipCheck> {
  // Nothing was ever read: there is nothing that a replaced store could lack.
  if (cursor.epoch === 0) return { kind: 'same' };
  const { tip } = await session.request('roomTip', { channel }, { signal });
  if (tip && compareCursors(cursor, tip) <= 0) return { kind: 'same' };
  const newest = await inboxNewest(session, channel, signal);
  for (const event of newest?.events ?? []) {
    if (await store.byEventId(channel, event.eventId)) {
      return tip ? { kind: 'tail-lost', tip } : { kind: 'replaced' };
    }
  }
  return { kind: 'replaced' };
}
