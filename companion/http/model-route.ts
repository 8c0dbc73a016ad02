/** Owns `GET /models/ID` and `GET /adapters/ID`: the bytes of a file the companion knows, whole or one range, for the tab. */
import { open, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PATHS } from '../../shared/bridge/protocol.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { splitNamesOf } from '../../shared/inference/gguf-split-names.ts';
import type { AdapterShelf, ModelShelf } from '../llama/backend.ts';
import { joinedBytes } from '../llama/model-bytes.ts';
import { readModelFile, type SplitFile } from '../llama/model-file.ts';
import { readRange } from './byte-range.ts';
import { send, writeHead, type Exchange } from './exchange.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Rejects with `ModelNotFound`; once bytes flow, a failure cuts the connection, so that it cannot pass for the end. */
export async function serveModel(exchange: Exchange, shelf: Pick<ModelShelf, 'pathOf'>): Promise<void> {
  // The id only ever chooses among known files: no path is made of it.
  const path = shelf.pathOf(exchange.path.slice(PATHS.models.length));
  if (path === undefined) throw new AppError('ModelNotFound', 'There is no such model.');
  const split = splitNamesOf(basename(path)) && (await readModelFile(path)).split;
  if (split) await serveSplit(exchange, split);
  else await servePath(exchange, path, 'ModelNotFound');
}

/** Rejects with `AdapterNotFound`, and afterwards as {@link serveModel}. What changed since the start, the page's hash tells. */
export async function serveAdapter(
  exchange: Exchange,
  adapters: Pick<AdapterShelf, 'fileOf'>,
): Promise<void> {
  const file = adapters.fileOf(exchange.path.slice(PATHS.adapters.length));
  if (!file) throw new AppError('AdapterNotFound', 'There is no such adapter.');
  await servePath(exchange, file.path, 'AdapterNotFound');
}

async function servePath(exchange: Exchange, path: string, missing: ErrorCode): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw new AppError(missing, 'The file cannot be opened.', { cause: error });
  }
  try {
    await serveFile(exchange, file);
  } finally {
    await file.close();
  }
}

/** As the one file that it is: the page knows of no parts. */
async function serveSplit(exchange: Exchange, split: SplitFile): Promise<void> {
  const stats = await Promise.all(split.paths.map((path) => stat(path)));
  await serveBytes(exchange, {
    size: split.sizeBytes,
    mtimeMs: Math.max(...stats.map(({ mtimeMs }) => mtimeMs)),
    read: (first, last) => joinedBytes(split, first, last + 1),
  });
}

async function serveFile(exchange: Exchange, file: FileHandle): Promise<void> {
  const { size, mtimeMs } = await file.stat();
  await serveBytes(exchange, {
    size,
    mtimeMs,
    read: (first, last) =>
      file.createReadStream({ start: first, end: last, highWaterMark: CHUNK_BYTES, autoClose: false }),
  });
}

interface Served {
  readonly size: number;
  readonly mtimeMs: number;
  /** Both inclusive. */
  readonly read: (first: number, last: number) => AsyncIterable<Uint8Array>;
}

async function serveBytes(exchange: Exchange, { size, mtimeMs, read }: Served): Promise<void> {
  const { request, response } = exchange;
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
  await pipeline(read(first, last), response, { signal: exchange.signal });
}
