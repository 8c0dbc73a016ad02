/** Owns the order of a frame's states: they only move forward. */
import type { LedgerRow } from './database.ts';

type FrameState = LedgerRow['state'];

const RANK: Readonly<Record<FrameState, number>> = {
  seen: 0,
  claimed: 1,
  drafted: 2,
  publishing: 3,
  published: 4,
  silent: 4,
  errored: 4,
};

export const UNFINISHED = [
  'seen',
  'claimed',
  'drafted',
  'publishing',
] as const satisfies readonly FrameState[];

export function isFinished(state: FrameState): boolean {
  return RANK[state] === RANK.published;
}

/**
 * A step may repeat its state (a turn that is thought again after a restart) or go forward. Once a text may be in the
 * room, silence is no way out any more.
 */
export function mayAdvance(from: FrameState, to: FrameState): boolean {
  if (isFinished(from)) return from === to;
  if (to === 'silent') return RANK[from] < RANK.drafted;
  return RANK[to] >= RANK[from];
}
