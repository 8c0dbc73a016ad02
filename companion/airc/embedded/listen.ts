/** Owns the listening socket of the built-in daemon: private, one daemon per path, a dead one's file taken over. */
import { once } from 'node:events';
import { chmod, lstat, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { AppError } from '../../../shared/errors.ts';
import { isPipe, prepareSocketFolder } from './socket-path.ts';

const MAX_CONNECTIONS = 1024;

/** Rejects with `DaemonStartFailed` when a daemon answers at `path` or something else is there, or `HomeUnusable`. */
export async function listenAt(path: string, onConnection: (socket: Socket) => void): Promise<Server> {
  await prepareSocketFolder(path);
  if (await answers(path)) throw new AppError('DaemonStartFailed', `A daemon already listens at ${path}.`);
  if (!isPipe(path)) await removeStale(path);
  const server = createServer({ allowHalfOpen: true }, onConnection);
  server.maxConnections = MAX_CONNECTIONS;
  try {
    server.listen(path);
    await once(server, 'listening');
    // Until here the folder's 0700 keeps others out.
    if (!isPipe(path)) await chmod(path, 0o600);
    return server;
  } catch (cause) {
    server.close();
    throw new AppError('DaemonStartFailed', `The built-in daemon cannot listen at ${path}.`, { cause });
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

/** The file that a killed daemon left; anything but a socket is not ours to delete. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isSocket()) throw new AppError('DaemonStartFailed', `${path} is there, and is no socket.`);
  await rm(path, { force: true });
}
