/** Owns refusing on a bare connection: a malformed request or an upgrade, where Node gives no response object. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { securityHeaders } from './headers.ts';

/** Sends the status with the security headers and closes the connection. */
export function refuseRaw(
  socket: Duplex,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  // The peer may be gone already; there is nobody left to tell.
  socket.on('error', () => undefined);
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const lines = Object.entries({ ...securityHeaders(), 'cache-control': 'no-store', ...headers });
  socket.once('finish', () => socket.destroy());
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
      ...lines.map(([name, value]) => `${name}: ${value}`),
      'connection: close',
      'content-length: 0',
      '\r\n',
    ].join('\r\n'),
  );
}
