/** Owns which room it is: what the person named, what the environment says, what airc says, else the common one. */
import { DEFAULT_ROOM_NAME, normaliseRoomName } from '../../../shared/airc/room.ts';
import { parseUuid } from '../../../shared/airc/uuid-bytes.ts';
import type { RoomInfo } from '../../../shared/bridge/messages.ts';
import { AppError } from '../../../shared/errors.ts';
import type { SystemAccess } from './system.ts';

/** How the daemon in use turns names into channels. */
export interface RoomDirectory {
  /** For a normalised name. Undefined when it cannot be told. */
  byName(name: string): Promise<RoomInfo | undefined>;
  /** The room the person is in. Undefined when there is none, or it cannot be told. */
  current(): Promise<RoomInfo | undefined>;
}

/**
 * A UUID is taken as it is; it is never looked up as a name, which would give another room in which nobody is. Rejects
 * with `RoomUnresolved`.
 */
export async function resolveRoom(
  asked: string | undefined,
  env: SystemAccess['env'],
  directory: RoomDirectory,
): Promise<RoomInfo> {
  if (asked !== undefined) return named(asked, `--room ${asked}`, directory);
  const { AIRC_DEFAULT_ROOM_NAME: name, AIRC_DEFAULT_ROOM_CHANNEL: channel } = env;
  if (channel !== undefined && channel !== '') {
    const uuid = parseUuid(channel);
    if (uuid === undefined) throw unresolved(`AIRC_DEFAULT_ROOM_CHANNEL "${channel}" is not a UUID`);
    return { name: normaliseRoomName(name ?? '') ?? uuid, channel: uuid };
  }
  if (name !== undefined && name !== '') return named(name, `AIRC_DEFAULT_ROOM_NAME ${name}`, directory);
  return (await directory.current()) ?? named(DEFAULT_ROOM_NAME, `room ${DEFAULT_ROOM_NAME}`, directory);
}

async function named(asked: string, what: string, directory: RoomDirectory): Promise<RoomInfo> {
  const uuid = parseUuid(asked);
  if (uuid !== undefined) return { name: uuid, channel: uuid };
  const name = normaliseRoomName(asked);
  if (name === undefined) throw unresolved(`${what}: a room's name has letters, digits, "-" and "_" only`);
  const room = await directory.byName(name);
  if (room === undefined) throw unresolved(`${what}: the channel of this room cannot be found out`);
  return room;
}

function unresolved(message: string): AppError {
  return new AppError('RoomUnresolved', `${message}.`);
}
