/** Owns the three ways in which room names become channels: by airc's command line, by derivation, or not at all. */
import { channelOf } from '../../../shared/airc/room.ts';
import type { Logger } from '../../../shared/log.ts';
import type { AircCli } from './airc-cli.ts';
import type { RoomDirectory } from './resolve-room.ts';

/** The rooms of the person's own airc. Entering one there makes it the default, so what was the default is put back. */
export function cliRooms(cli: AircCli, log: Logger): RoomDirectory {
  return {
    current: () => cli.currentRoom(),
    byName: async (name) => {
      const before = await cli.currentRoom();
      if (before?.name === name) return before;
      const room = await cli.enterRoom(name);
      if (room !== undefined && before !== undefined && (await cli.enterRoom(before.name)) === undefined) {
        log.log('warn', 'airc.default-room-changed', { from: before.name, to: name });
      }
      return room;
    },
  };
}

/** The rooms of the built-in daemon. */
export function derivedRooms(meshIdentity: string): RoomDirectory {
  return {
    current: () => Promise.resolve(undefined),
    byName: (name) => Promise.resolve({ name, channel: channelOf(meshIdentity, name) }),
  };
}

/** A daemon whose names nobody here knows: a guess would be a room in which nobody hears anybody. */
export const NO_NAMES: RoomDirectory = {
  current: () => Promise.resolve(undefined),
  byName: () => Promise.resolve(undefined),
};
