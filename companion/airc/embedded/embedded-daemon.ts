/** Owns the built-in daemon as a whole: store, core and socket, started in that order and ended in reverse. */
import type { Server, Socket } from 'node:net';
import type { Clock } from '../../../shared/clock.ts';
import { toAppError } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/log.ts';
import type { RandomSource } from '../../../shared/random.ts';
import { DaemonCore } from './core.ts';
import { listenAt } from './listen.ts';
import { serveConnection } from './serve-connection.ts';
import { SqliteStore } from './sqlite-store.ts';

export interface EmbeddedDaemonOptions {
  /** See `embeddedSocketPath`. */
  readonly socketPath: string;
  readonly storeFile: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

export interface EmbeddedDaemon {
  readonly socketPath: string;
  /** Resolves when it has ended, by `close` or because a client said `stop`. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** What is on its way to a client at the end gets this long. */
const LINGER_MS = 500;

/**
 * Rejects with `DaemonStartFailed` when another one has the store or the socket, `StoreTooNew`, `StorageFailed`, or
 * `HomeUnusable`.
 */
export async function startEmbeddedDaemon(options: EmbeddedDaemonOptions): Promise<EmbeddedDaemon> {
  const { socketPath, storeFile, clock, random, log } = options;
  // Its lock comes first: it also settles who may take over a socket file.
  const store = new SqliteStore(storeFile);
  const sockets = new Set<Socket>();
  let closing: Promise<void> | undefined;
  let tellEnded: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    tellEnded = resolve;
  });
  try {
    // Counts the start before anybody can connect.
    const core = new DaemonCore({ store, clock, random, schedule: (work) => setImmediate(work) });
    const close = (): Promise<void> => {
      closing ??= shutDown(server, sockets, core, clock).finally(() => {
        store.close();
        tellEnded();
      });
      return closing;
    };
    const server = await listenAt(socketPath, (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      const onStop = (): void => {
        log.log('warn', 'embedded.stopped-by-client');
        close().catch((error: unknown) => {
          log.log('error', 'embedded.close-failed', { message: toAppError(error).message });
        });
      };
      serveConnection(socket, { core, clock, log, onStop }).catch((error: unknown) => {
        log.log('error', 'embedded.connection-failed', { message: toAppError(error).message });
        socket.destroy();
      });
    });
    return { socketPath, ended, close };
  } catch (error) {
    store.close();
    throw error;
  }
}

/** Streams end in good order; a client that does not read is cut off after a moment. Node removes the socket's file. */
async function shutDown(server: Server, sockets: Set<Socket>, core: DaemonCore, clock: Clock): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  core.close();
  const cancel = clock.after(LINGER_MS, () => {
    for (const socket of sockets) socket.destroy();
  });
  await closed;
  cancel();
}
