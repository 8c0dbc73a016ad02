/** Owns a host of models for journeys: a real HTTP server that counts what it gives out and can misbehave. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** `{ sendTo }` redirects. */
export type Misbehaviour = 'page' | { readonly sendTo: string };

export interface ModelHost {
  readonly address: string;
  readonly origin: string;
  /** Requests since the beginning. */
  readonly requests: number;
  /** Bytes of bodies that were sent since the last reading. */
  takeSentBytes(): number;
  /** From now on; undefined is a good host again. */
  misbehave(how: Misbehaviour | undefined): void;
  /** Every connection stands still once so many bytes are sent in all, until they are let on. */
  holdAt(sentBytes: number): void;
  letOn(): void;
  close(): Promise<void>;
}

export interface HostedFile {
  readonly sizeBytes: number;
  /** From `start` up to and without `end`. */
  readonly bytesOf: (start: number, end: number) => Uint8Array;
}

const SLICE_BYTES = 256 * 1024;

/** Of one file, whatever it is called. */
export function startModelHost(sizeBytes: number, bytesOf: HostedFile['bytesOf']): Promise<ModelHost> {
  return startFileHost(() => ({ sizeBytes, bytesOf }));
}

/** Of a folder: by path, without the first slash; the folder itself shows what is in it. */
export function startFolderHost(files: ReadonlyMap<string, Uint8Array>): Promise<ModelHost> {
  return startFileHost((path) => {
    const names = [...files.keys()]
      .filter((each) => each.startsWith(path))
      .map((each) => each.slice(path.length));
    const index = names.map((name) => `<a href="${name}">${name}</a>`).join('\n');
    const bytes = path.endsWith('/') && names.length > 0 ? Buffer.from(index) : files.get(path);
    return bytes && { sizeBytes: bytes.length, bytesOf: (start, end) => bytes.subarray(start, end) };
  });
}

async function startFileHost(fileAt: (path: string) => HostedFile | undefined): Promise<ModelHost> {
  let sent = 0;
  let requests = 0;
  let holdAt = Number.POSITIVE_INFINITY;
  let letOn: () => void = () => undefined;
  let held = Promise.resolve();
  let how: Misbehaviour | undefined;
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  const slices = async function* (
    { bytesOf }: HostedFile,
    start: number,
    end: number,
  ): AsyncGenerator<Uint8Array> {
    for (let at = start; at < end; at += SLICE_BYTES) {
      const bytes = bytesOf(at, Math.min(at + SLICE_BYTES, end));
      sent += bytes.length;
      yield bytes;
      if (sent >= holdAt) await held;
    }
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests += 1;
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-expose-headers', 'content-range, etag');
    response.setHeader('accept-ranges', 'bytes');
    response.setHeader('etag', '"first"');
    if (how === 'page') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Log in first</p>');
      return;
    }
    if (how) {
      response.writeHead(302, { location: how.sendTo }).end();
      return;
    }
    const file = fileAt((request.url ?? '').slice(1));
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    const { sizeBytes } = file;
    response.setHeader('content-type', 'application/octet-stream');
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const start = Number(range?.[1] ?? 0);
    const end = Math.min(sizeBytes, Number(range?.[2] ?? sizeBytes - 1) + 1);
    response.setHeader('content-length', end - start);
    if (range) response.setHeader('content-range', `bytes ${start}-${end - 1}/${sizeBytes}`);
    response.writeHead(range ? 206 : 200);
    if (request.method === 'HEAD') response.end();
    else await pipeline(Readable.from(slices(file, start, end)), response);
  };
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    address: `${origin}/models/big.gguf`,
    get requests() {
      return requests;
    },
    takeSentBytes: () => {
      const count = sent;
      sent = 0;
      return count;
    },
    misbehave: (next) => {
      how = next;
    },
    holdAt: (sentBytes) => {
      holdAt = sentBytes;
      held = new Promise((resolve) => {
        letOn = resolve;
      });
    },
    letOn: () => {
      holdAt = Number.POSITIVE_INFINITY;
      letOn();
    },
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => {
          closed();
        });
      }),
  };
}
