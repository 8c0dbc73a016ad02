/** Owns answering one request: every answer leaves through here, with its security headers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../shared/clock.ts';
import { AppError, toWireError, type ErrorCode } from '../../shared/errors.ts';
import { securityHeaders } from './headers.ts';
import type { HttpLimits } from './limits.ts';

/** One request that passed the guard, with its answer to be. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of the request target, without the query; as sent, not decoded. */
  readonly path: string;
  /** What the person approved by now; see headers.ts. */
  readonly approvedHosts: readonly string[];
  readonly clock: Clock;
  readonly limits: HttpLimits;
  /** Aborts when the server closes. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Uint8Array;
}

/** Writes the head; nothing is kept in a cache unless `headers` says so. */
export function writeHead(exchange: Exchange, status: number, headers: Answer['headers'] = {}): void {
  exchange.response.writeHead(status, {
    ...securityHeaders(exchange.path, exchange.approvedHosts),
    'cache-control': 'no-store',
    ...headers,
  });
}

/** Sends a whole answer. A body of the request that was not read yet is read away for a short while, then cut. */
export function send(exchange: Exchange, answer: Answer): void {
  const { request, response } = exchange;
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : (answer.body ?? Buffer.alloc(0));
  const unread = hasUnreadBody(request);
  writeHead(exchange, answer.status, {
    ...(answer.status === 304 ? {} : { 'content-length': body.length }),
    ...answer.headers,
    ...(unread ? { connection: 'close' } : {}),
  });
  if (request.method === 'HEAD' || answer.status === 304) {
    response.end();
  } else if (unread) {
    response.write(body);
    linger(exchange);
  } else {
    response.end(body);
  }
}

export function sendText(
  exchange: Exchange,
  status: number,
  text: string,
  headers: Answer['headers'] = {},
): void {
  send(exchange, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
    body: `${text}\n`,
  });
}

export function sendJson(exchange: Exchange, status: number, value: unknown): void {
  send(exchange, {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value),
  });
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  PairingCodeWrong: 403,
  PairingCodeExpired: 410,
  PairingLocked: 429,
  ProtocolVersionMismatch: 409,
  SessionUnknown: 403,
  MessageTooLarge: 413,
  ModelNotFound: 404,
  AdapterNotFound: 404,
  ModelNotGguf: 422,
  ModelTruncated: 422,
  ModelUnsupported: 422,
  ModelGated: 403,
  DownloadOffline: 502,
  DownloadBusy: 503,
  DownloadRefused: 502,
  DownloadChanged: 409,
  BridgeTimeout: 408,
  StorageFailed: 507,
  HomeUnusable: 507,
  Internal: 500,
};

/** A refusal as a WireError. Only an AppError's own words travel; anything else is told as `Internal`. */
export function sendError(exchange: Exchange, thrown: unknown): void {
  const error =
    thrown instanceof AppError
      ? new AppError(thrown.code, thrown.message)
      : new AppError('Internal', 'The companion failed at this request.');
  sendJson(exchange, STATUS[error.code] ?? 400, toWireError(error));
}

function hasUnreadBody(request: IncomingMessage): boolean {
  const announced =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  return announced && !request.complete;
}

/**
 * Ending the answer closes the connection, and closing it with bytes unread resets it: the browser would report a
 * failed request in place of our answer. So the answer is complete on the wire, and its end waits for theirs.
 */
function linger({ request, response, clock, limits }: Exchange): void {
  const cancel = clock.after(limits.lingerMs, () => {
    request.destroy();
  });
  request.once('end', () => {
    response.end();
  });
  response.once('close', cancel);
  request.resume();
}
