/** Owns how much is kept: the room log by rows, the ledger by age. Run at the start of a residence. */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { NodeStores } from './stores.ts';

/** Months of a busy room; at about 600 bytes a row some 12 MB. */
export const KEPT_LOG_ROWS = 20_000;
/** Far above the age up to which a message is answered at all. */
export const KEPT_FRAMES_MS = 30 * 24 * 60 * 60_000;

export async function tidy(
  stores: Pick<NodeStores, 'room' | 'ledger'>,
  channel: Uuid,
  peerIds: readonly Uuid[],
  nowMs: number,
): Promise<void> {
  await stores.room.prune(channel, KEPT_LOG_ROWS);
  for (const peerId of peerIds) await stores.ledger.prune(peerId, nowMs - KEPT_FRAMES_MS);
}
