/** Owns `GET /models/ID`: the bytes of a model file the companion knows, whole or one range, for the lane in the tab. */
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { PATHS } from '../../shared/bridge/protocol.ts';
import { AppError } from '../../shared/errors.ts';
import type { ModelShelf } from '../llama/backend.ts';
import { readRange } from './byte-range.ts';
import { send, writeHead, type Exchange } from './exchange.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Rejects with `ModelNotFound`; once bytes flow, a failure cuts the connection, so that it cannot pass for the end. */
export async function serveModel(exchange: Exchange, shelf: Pick<ModelShelf, 'pathOf'>): Promise<void> {
  // The id only ever chooses among known files: no path is made of it.
  const path = shelf.pathOf(exchange.path.slice(PATHS.models.length));
  if (path === undefined) throw new AppError('ModelNotFound', 'There is no such model.');
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw new AppError('ModelNotFound', "The model's file cannot be opened.", { cause: error });
  }
  try {
    await serveFile(exchange, file);
  } finally {
    await file.close();
  }
}

async function serveFile(exchange: Exchange, file: FileHandle): Promise<void> {
  const { request, response } = exchange;
  const { size, mtimeMs } = await file.stat();
  const etag = `"${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}"`;
  const ifRange = request.headers['if-range'];
  const wanted = ifRange === undefined || ifRange === etag ? request.headers.range : undefined;
  const range = readRange(wanted, size);
  if (range === 'unsatisfiable') {
    send(exchange, { status: 416, headers: { 'content-range': `bytes */${size}` } });
    return;
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': last - first + 1,
    'accept-ranges': 'bytes',
    etag,
    ...(range === undefined ? {} : { 'content-range': `bytes ${first}-${last}/${size}` }),
  };
  // A file that shrinks meanwhile is an error, not a short answer on a connection that stays open.
  response.strictContentLength = true;
  writeHead(exchange, range === undefined ? 200 : 206, headers);
  if (request.method === 'HEAD' || size === 0) {
    response.end();
    return;
  }
  const bytes = file.createReadStream({
    start: first,
    end: last,
    highWaterMark: CHUNK_BYTES,
    autoClose: false,
  });
  await pipeline(bytes, response, { signal: exchange.signal });
}
