/** Owns what is asked of airc's command line, and the reading of what it prints. */
import type { RoomInfo } from '../../../shared/bridge/messages.ts';
import { parseUuid } from '../../../shared/airc/uuid-bytes.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Finished, SystemAccess } from './system.ts';

const PROGRAM = 'airc';
const ANSWER_WITHIN_MS = 10_000;
/** It waits up to 20 s for the daemon it starts. */
const START_WITHIN_MS = 30_000;

export interface AircCli {
  /** The socket of the person's daemon, running or not. Rejects with `DaemonStartFailed`. */
  endpoint(): Promise<string>;
  /** Has the daemon started when it is not running. Rejects with `DaemonStartFailed`. */
  start(): Promise<void>;
  /** The default room of the person; undefined when the answer cannot be read. */
  currentRoom(): Promise<RoomInfo | undefined>;
  /** Joins a room, which also makes it the default one; undefined when that failed. */
  enterRoom(name: string): Promise<RoomInfo | undefined>;
}

/** Undefined when airc is not installed. Everything runs in the person's home: in a clone it would take another scope. */
export async function findAircCli(system: SystemAccess, signal: AbortSignal): Promise<AircCli | undefined> {
  const run = async (args: readonly string[], withinMs = ANSWER_WITHIN_MS): Promise<Finished | undefined> =>
    system.run(PROGRAM, args, { cwd: system.personHome, withinMs, signal });
  const room = async (args: readonly string[]): Promise<RoomInfo | undefined> => {
    const finished = await run(['room', ...args]);
    return finished?.code === 0 ? readRoom(finished.stdout) : undefined;
  };
  // Neither needs nor starts a daemon, so it also tells whether there is a program at all.
  const asked = await run(['ipc-endpoint']);
  if (asked === undefined) return undefined;
  return {
    endpoint: async () => {
      const path = asked.code === 0 ? asked.stdout.trim() : '';
      if (path === '') throw failed('"airc ipc-endpoint" names no socket', asked);
      return path;
    },
    start: async () => {
      // Reads one line, and like every command that needs the daemon it starts it first.
      const finished = await run(['inbox', '--json', '--limit', '1'], START_WITHIN_MS);
      if (finished?.code !== 0) throw failed('"airc inbox" could not start the daemon', finished);
    },
    currentRoom: () => room([]),
    enterRoom: (name) => room([name]),
  };
}

/** Lines `room: NAME` or `switched room: NAME`, and `channel: UUID`, padded at will. */
function readRoom(stdout: string): RoomInfo | undefined {
  const name = /^\s*(?:switched )?room:\s*#?(\S+)\s*$/m.exec(stdout)?.[1];
  const channel = parseUuid(/^\s*channel:\s*(\S+)\s*$/m.exec(stdout)?.[1] ?? '');
  return name === undefined || channel === undefined ? undefined : { name, channel };
}

function failed(what: string, finished: Finished | undefined): AppError {
  const said = finished?.stderr.trim().split('\n').at(-1) ?? '';
  return new AppError('DaemonStartFailed', said === '' ? `${what}.` : `${what}: ${said}`, {
    detail: `${finished?.stdout ?? ''}\n${finished?.stderr ?? ''}`.trim(),
  });
}
