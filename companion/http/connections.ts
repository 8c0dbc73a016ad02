/**
 * Owns how many connections there may be at once: the oldest that asks for nothing gives way to a new one, and where all
 * are at work, the one that moves the fewest bytes.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../shared/clock.ts';

interface Work {
  readonly sinceMs: number;
  /** Of the socket, when the work began. */
  readonly fromBytes: number;
}

/** Watches `server`. An upgraded connection is `release`d: the socket server has caps of its own. */
export function limitConnections(
  server: Server,
  maxConnections: number,
  clock: Pick<Clock, 'monotonicMs'>,
): { release(socket: Duplex): void } {
  const idle = new Set<Duplex>();
  const busy = new Map<Socket, Work>();
  const release = (socket: Duplex): void => {
    idle.delete(socket);
    busy.delete(socket as Socket);
  };
  /** Bytes per millisecond: a reader that takes nothing falls behind one that downloads a model. */
  const pace = ([socket, { sinceMs, fromBytes }]: readonly [Socket, Work]): number =>
    (movedBytes(socket) - fromBytes) / (clock.monotonicMs() - sinceMs + 1);
  const slowest = (): Socket | undefined =>
    [...busy].reduce<readonly [Socket, Work] | undefined>(
      (least, entry) => (least === undefined || pace(entry) < pace(least) ? entry : least),
      undefined,
    )?.[0];

  server.on('connection', (socket: Socket) => {
    socket.once('close', () => {
      release(socket);
    });
    if (idle.size + busy.size >= maxConnections) {
      const [oldest] = idle;
      const least = oldest ?? slowest() ?? socket;
      release(least);
      least.destroy();
    }
    if (!socket.destroyed) idle.add(socket);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    release(socket);
    busy.set(socket, { sinceMs: clock.monotonicMs(), fromBytes: movedBytes(socket) });
    response.once('close', () => {
      if (busy.delete(socket) && !socket.destroyed) idle.add(socket);
    });
  });
  return { release };
}

/** What has left: what waits in this process for a reader is no progress. */
function movedBytes(socket: Socket): number {
  return socket.bytesRead + socket.bytesWritten - socket.writableLength;
}
