/** Owns the id of a reply: fixed by who answers what, so that the same answer is never said under two ids. */
import { v5 } from 'uuid';
import type { Uuid } from '../../../shared/airc/model.ts';

/** UUIDv5 with the peer id as namespace and the trigger's event id as name. */
export function replyMid(peerId: Uuid, triggerEventId: Uuid): Uuid {
  return v5(triggerEventId, peerId);
}
