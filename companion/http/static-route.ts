/** Owns answering with a file of the built page. */
import { send, sendText, type Exchange } from './exchange.ts';
import type { StaticManifest } from './static-manifest.ts';

export function serveStatic(exchange: Exchange, manifest: StaticManifest): void {
  const file = manifest.get(exchange.path);
  if (file === undefined) {
    sendText(exchange, 404, 'There is nothing here.');
    return;
  }
  const headers = { etag: file.etag, 'cache-control': file.cacheControl };
  if (exchange.request.headers['if-none-match'] === file.etag) {
    send(exchange, { status: 304, headers });
    return;
  }
  send(exchange, {
    status: 200,
    headers: { ...headers, 'content-type': file.contentType, 'content-length': file.bytes.length },
    body: file.bytes,
  });
}
