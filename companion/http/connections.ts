/** Owns how many connections there may be at once: the oldest that asks for nothing gives way to a new one. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Watches `server`. An upgraded connection is `release`d: the socket server has caps of its own. */
export function limitConnections(server: Server, maxConnections: number): { release(socket: Duplex): void } {
  const idle = new Set<Duplex>();
  const busy = new Set<Duplex>();
  const release = (socket: Duplex): void => {
    idle.delete(socket);
    busy.delete(socket);
  };
  server.on('connection', (socket) => {
    socket.once('close', () => {
      release(socket);
    });
    if (idle.size + busy.size >= maxConnections) {
      const [oldest = socket] = idle;
      release(oldest);
      oldest.destroy();
    }
    if (!socket.destroyed) idle.add(socket);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    release(socket);
    busy.add(socket);
    response.once('close', () => {
      if (busy.delete(socket) && !socket.destroyed) idle.add(socket);
    });
  });
  return { release };
}
