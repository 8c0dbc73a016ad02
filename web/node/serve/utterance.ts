/** Owns how a row of the room log looks to the brain. */
import type { RosterEntry, Utterance } from '../../brain/turn.ts';
import type { RoomLogRow } from '../storage/database.ts';
import type { ChatRow } from './conversation.ts';

/** Made by code, from a checked signature or the peer id; never from the text. */
export function displayName(row: Pick<RoomLogRow, 'name' | 'peerId'>): string {
  return row.name ?? `peer-${row.peerId.slice(0, 8)}`;
}

export function utteranceOf(row: ChatRow): Utterance {
  return {
    eventId: row.eventId,
    peerId: row.peerId,
    name: displayName(row),
    kind: row.kindOfSender,
    signed: row.signature === 'valid',
    text: row.text,
    atMs: row.occurredAtMs,
  };
}

/** Everybody who speaks in these lines, in order of first appearance. */
export function rosterOf(lines: readonly Utterance[]): readonly RosterEntry[] {
  const roster = new Map<string, RosterEntry>();
  for (const { peerId, name, kind } of lines) roster.set(peerId, { peerId, name, kind });
  return [...roster.values()];
}
