/** Owns the choice of the daemon: the one that is named, else the installed one, else, where there is none, the built-in. */
import { join } from 'node:path';
import type { AircConnection } from '../../../shared/airc/connection.ts';
import type { DaemonInfo, RoomInfo } from '../../../shared/bridge/messages.ts';
import type { Clock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/log.ts';
import type { RandomSource } from '../../../shared/random.ts';
import type { Home } from '../../cli/home.ts';
import { keepEmbeddedDaemon } from '../embedded/kept-daemon.ts';
import { embeddedSocketPath } from '../embedded/socket-path.ts';
import { SocketClient } from '../socket-client.ts';
import { findAircCli, type AircCli } from './airc-cli.ts';
import { meshIdentityOf } from './mesh-identity.ts';
import { endpointName } from './pipe-name.ts';
import { isDaemonUp, requireDaemon } from './probe.ts';
import { resolveRoom } from './resolve-room.ts';
import { cliRooms, derivedRooms, NO_NAMES } from './room-directories.ts';
import { nodeSystem, type SystemAccess } from './system.ts';

export interface DaemonOptions {
  /** `auto`, `embedded`, or the path of a daemon's socket. */
  readonly airc: string;
  /** Name or UUID. */
  readonly room?: string;
}

export interface DaemonSurroundings {
  readonly home: Pick<Home, 'path' | 'runDir'>;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface ResolvedDaemon {
  readonly kind: DaemonInfo['kind'];
  readonly socketPath: string;
  readonly connection: AircConnection;
  /** Why this one, in words for the person. */
  readonly reason: string;
  /** At least one. */
  readonly rooms: readonly RoomInfo[];
  /** Ends the built-in daemon; an installed one is left running. */
  close(): Promise<void>;
}

/**
 * There is no silent fallback: a daemon that was named or is installed, and cannot be used, is an error. Rejects with
 * `DaemonUnreachable`, `DaemonVersionMismatch`, `DaemonStartFailed`, `RoomUnresolved`, `StoreTooNew`, `StorageFailed`
 * or `HomeUnusable`.
 */
export async function resolveDaemon(
  options: DaemonOptions,
  surroundings: DaemonSurroundings,
  system: SystemAccess = nodeSystem,
): Promise<ResolvedDaemon> {
  const { signal } = surroundings;
  if (options.airc === 'embedded') {
    return builtIn(options, surroundings, system, 'chosen with --airc embedded');
  }
  const cli = await findAircCli(system, signal);
  const endpoint = options.airc === 'auto' ? system.env['AIRC_SOCKET'] : options.airc;
  if (endpoint !== undefined && endpoint !== '') {
    const named = endpointName(endpoint);
    const reason = options.airc === 'auto' ? 'named by AIRC_SOCKET' : 'named with --airc';
    await requireDaemon(named, surroundings);
    return installed(named, reason, cli, options, surroundings, system);
  }
  if (cli === undefined) return builtIn(options, surroundings, system, 'no airc is installed');
  const path = endpointName(await cli.endpoint());
  const isRunning = await isDaemonUp(path, surroundings);
  if (!isRunning) await startInstalled(cli, path, surroundings);
  return installed(
    path,
    isRunning ? 'installed and running' : 'installed; was stopped, so it was started',
    cli,
    options,
    surroundings,
    system,
  );
}

async function startInstalled(cli: AircCli, path: string, surroundings: DaemonSurroundings): Promise<void> {
  surroundings.log.log('info', 'airc.starting', { socketPath: path });
  await cli.start();
  try {
    await requireDaemon(path, surroundings);
  } catch (cause) {
    if (cause instanceof AppError && cause.code === 'DaemonUnreachable') {
      throw new AppError('DaemonStartFailed', `airc was started, but nothing answers at ${path}.`, { cause });
    }
    throw cause;
  }
}

async function installed(
  socketPath: string,
  reason: string,
  cli: AircCli | undefined,
  options: DaemonOptions,
  { clock, log }: DaemonSurroundings,
  system: SystemAccess,
): Promise<ResolvedDaemon> {
  const directory = cli === undefined ? NO_NAMES : cliRooms(cli, log);
  const rooms = [await resolveRoom(options.room, system.env, directory)];
  const connection = new SocketClient({ path: socketPath, clock, log });
  return { kind: 'airc', socketPath, reason, connection, rooms, close: () => Promise.resolve() };
}

async function builtIn(
  options: DaemonOptions,
  { home, clock, random, log }: DaemonSurroundings,
  system: SystemAccess,
  reason: string,
): Promise<ResolvedDaemon> {
  const meshIdentity = await meshIdentityOf(home.path, system, random);
  const rooms = [await resolveRoom(options.room, system.env, derivedRooms(meshIdentity))];
  const socketPath = embeddedSocketPath(home);
  const storeFile = join(home.path, 'airc-embedded.db');
  const daemon = await keepEmbeddedDaemon({ socketPath, storeFile, clock, random, log });
  const connection = new SocketClient({ path: socketPath, clock, log });
  return { kind: 'embedded', socketPath, reason, connection, rooms, close: () => daemon.close() };
}
