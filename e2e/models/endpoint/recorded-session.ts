/**
 * Owns a session with a real OpenAI-compatible server as data: recorded through a proxy, played back by a server of our
 * own to whoever asks the same. What was cut by the asker is held open where it was cut.
 */
import {
  createServer,
  request as ask,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import * as v from 'valibot';

const ExchangeSchema = v.object({
  method: v.string(),
  path: v.string(),
  /** As it was sent; empty for a GET. */
  body: v.string(),
  status: v.number(),
  contentType: v.string(),
  /** As they came, one per piece of the stream. */
  pieces: v.array(v.string()),
  /** False where the asker hung up. */
  isWhole: v.boolean(),
});
type Exchange = v.InferOutput<typeof ExchangeSchema>;

export const SessionSchema = v.object({
  /** What was asked, and when. */
  server: v.string(),
  exchanges: v.array(ExchangeSchema),
});
export type RecordedSession = v.InferOutput<typeof SessionSchema>;

export interface LocalServer {
  /** With `/v1`. */
  readonly address: string;
  /** Requests for an answer that are not answered to their end. */
  readonly answering: number;
  /** Cuts every connection that stands. */
  cut(): void;
  close(): Promise<void>;
}

/** Passes everything on to `target`, with its key, and keeps what was said. The key is not kept. */
export async function startRecorder(
  target: string,
  onExchange: (exchange: Exchange) => void,
): Promise<LocalServer> {
  return listen(async (request, response) => {
    const body = await textOf(request);
    const { method = 'GET', url: path = '/', headers } = request;
    const { authorization, 'content-type': type } = headers;
    const pieces: string[] = [];
    const upstream = ask(new URL(path, target), {
      method,
      // One from a pool may be closed by the time it is used.
      agent: false,
      headers: {
        ...(authorization !== undefined && { authorization }),
        ...(type !== undefined && { 'content-type': type }),
      },
    });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      upstream.once('response', resolve);
      upstream.once('error', reject);
    });
    upstream.end(body);
    const from = await answer;
    const { statusCode: status = 0 } = from;
    const contentType = from.headers['content-type'] ?? '';
    response.writeHead(status, { 'content-type': contentType });
    let isWhole = true;
    response.once('close', () => {
      if (!response.writableFinished) isWhole = false;
      upstream.destroy();
    });
    try {
      for await (const piece of from as AsyncIterable<Buffer>) {
        pieces.push(piece.toString('utf8'));
        response.write(piece);
      }
    } catch {
      isWhole = false;
    }
    onExchange({ method, path, body, status, contentType, pieces, isWhole });
    response.end();
  });
}

/** Answers as the session did; what was never asked in it gets 404. */
export async function startReplay({ exchanges }: RecordedSession): Promise<LocalServer> {
  const byQuestion = new Map<string, Exchange[]>();
  for (const exchange of exchanges) {
    const key = keyOf(exchange);
    byQuestion.set(key, [...(byQuestion.get(key) ?? []), exchange]);
  }
  return listen(async (request, response) => {
    const { method = 'GET', url: path = '/' } = request;
    const known = byQuestion.get(keyOf({ method, path, body: await textOf(request) }));
    // The last answer stands for all that follow.
    const exchange = known !== undefined && known.length > 1 ? known.shift() : known?.at(0);
    if (!exchange) {
      response.writeHead(404).end('not in the recorded session');
      return;
    }
    response.writeHead(exchange.status, { 'content-type': exchange.contentType });
    for (const piece of exchange.pieces) response.write(piece);
    if (exchange.isWhole) response.end();
  });
}

function keyOf({ method, path, body }: Pick<Exchange, 'method' | 'path' | 'body'>): string {
  return `${method} ${path}\n${body}`;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

/** A local server on a free port. */
export async function listen(
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void> | void,
): Promise<LocalServer> {
  const answering = new Set<ServerResponse>();
  const server: Server = createServer((request, response) => {
    if (request.url?.endsWith('/chat/completions') === true) {
      answering.add(response);
      response.once('close', () => answering.delete(response));
    }
    Promise.resolve(serve(request, response)).catch(() => response.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/v1`,
    get answering() {
      return answering.size;
    },
    cut: () => {
      // Their ends are told later, when others may have begun.
      answering.clear();
      server.closeAllConnections();
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
