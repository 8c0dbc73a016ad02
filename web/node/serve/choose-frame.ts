/** Owns which line of a burst becomes a turn: one frame, its trigger the newest line that is meant for her. */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { ChatRow } from './conversation.ts';

/** Older than this is read as history after a restart and not answered any more. */
export const STALE_AFTER_MS = 10 * 60_000;

export interface FrameChoice {
  readonly trigger: ChatRow;
  readonly coveredEventIds: readonly Uuid[];
}

/**
 * Undefined when nothing in the burst may trigger: all of it is stale, badly signed, or covered by an earlier frame.
 */
export function chooseFrame(
  rows: readonly ChatRow[],
  her: { readonly nowMs: number; readonly covered: ReadonlySet<Uuid> },
  isAddressed: (row: ChatRow) => boolean,
): FrameChoice | undefined {
  const candidates = rows.filter(
    (row) =>
      row.signature !== 'invalid' &&
      row.occurredAtMs >= her.nowMs - STALE_AFTER_MS &&
      !her.covered.has(row.eventId),
  );
  const trigger = candidates.findLast(isAddressed) ?? candidates.at(-1);
  if (!trigger) return undefined;
  return {
    trigger,
    coveredEventIds: candidates.filter((row) => row !== trigger).map((row) => row.eventId),
  };
}
