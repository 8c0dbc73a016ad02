/** Owns how a room's name becomes its channel id, and how the id of its side channel follows from that. */
import { v5 } from 'uuid';
import type { Uuid } from './model.ts';
import { uuidToBytes } from './uuid-bytes.ts';

const ROOM_NAMESPACE = uuidToBytes('a1c20001-0000-4000-8000-000000000001');
/** Ours: live and structured traffic between our own nodes, kept out of the room that others read. */
const SIDE_CHANNEL_NAME = 'persona-node/side-channel/v1';

export const DEFAULT_ROOM_NAME = 'general';

/** As airc writes it: without `#`, lower case, of `a-z 0-9 - _`. Undefined for a name that is none. */
export function normaliseRoomName(name: string): string | undefined {
  const bare = name
    .trim()
    .replace(/^#+/, '')
    .trim()
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  return /^[a-z0-9_-]+$/.test(bare) ? bare : undefined;
}

/**
 * The channel of a room: UUIDv5 over the mesh identity (whose rooms they are), a zero byte, and the normalised name. The
 * zero keeps "ab" + "c" apart from "a" + "bc".
 */
export function channelOf(meshIdentity: string, normalisedName: string): Uuid {
  return v5(new TextEncoder().encode(`${meshIdentity}\0${normalisedName}`), ROOM_NAMESPACE);
}

export function sideChannelOf(channel: Uuid): Uuid {
  return v5(new TextEncoder().encode(SIDE_CHANNEL_NAME), uuidToBytes(channel));
}
