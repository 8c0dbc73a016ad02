/** Owns every way a byte can come into the HTTP server: each passes the guard, or is refused here. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { PATHS } from '../../shared/bridge/protocol.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/log.ts';
import type { ApprovedHosts } from '../sessions/approved-hosts.ts';
import { sendText, type Exchange } from './exchange.ts';
import { judge, type Verdict } from './guard.ts';
import type { HttpLimits } from './limits.ts';
import { refuseRaw } from './raw-refusal.ts';
import { createRefusalLog } from './refusal-log.ts';
import { routeOf } from './routes.ts';

export interface FrontDoor {
  readonly origin: string;
  readonly hosts: Pick<ApprovedHosts, 'list'>;
  readonly clock: Clock;
  readonly limits: HttpLimits;
  readonly log: Logger;
  /** Travels with each exchange; aborts when the server closes. */
  readonly signal: AbortSignal;
  readonly onExchange: (exchange: Exchange) => void;
  /** An upgrade of the socket's path by our own page. */
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

const CLIENT_ERROR_STATUS: ReadonlyMap<string | undefined, number> = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

/** Attaches to a server that listens already but has accepted nothing yet: the origin is part of the check. */
export function attachFrontDoor(server: Server, door: FrontDoor): void {
  const { origin, clock, limits, signal } = door;
  const refused = createRefusalLog(clock, door.log);
  const check = (request: IncomingMessage): Verdict => {
    const { method = '', url = '', rawHeaders } = request;
    const verdict = judge({ method, target: url, rawHeaders }, origin, (path) => routeOf(path).reach);
    if (verdict.tag === 'refuse') refused(verdict.status, verdict.reason);
    return verdict;
  };
  const answer = (request: IncomingMessage, response: ServerResponse, verdict: Verdict): void => {
    // The peer may leave at any time; what was meant for it then has no other place to be told.
    response.on('error', () => undefined);
    const path = verdict.tag === 'pass' ? verdict.path : '';
    const exchange: Exchange = {
      request,
      response,
      path,
      approvedHosts: door.hosts.list(),
      clock,
      limits,
      signal,
    };
    switch (verdict.tag) {
      case 'refuse':
        sendText(exchange, verdict.status, `Refused (${verdict.reason}). Persona Node is at ${origin}`);
        return;
      case 'redirect':
        sendText(exchange, 308, `Persona Node is at ${origin}`, { location: verdict.location });
        return;
      case 'pass':
        door.onExchange(exchange);
    }
  };

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response, check(request));
  });
  // Without a listener Node says "100 Continue" before the guard has seen the request.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    const verdict = check(request);
    if (verdict.tag === 'pass') response.writeContinue();
    answer(request, response, verdict);
  });
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response, { tag: 'refuse', status: 417, reason: 'expect' });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const verdict = check(request);
    if (verdict.tag === 'refuse') refuseRaw(socket, verdict.status);
    else if (verdict.tag === 'redirect') refuseRaw(socket, 421);
    else if (verdict.path !== PATHS.socket) refuseRaw(socket, 404);
    else door.onUpgrade(request, socket, head);
  });
  server.on('connect', (_request, socket: Duplex) => {
    refuseRaw(socket, 405);
  });
  server.on('clientError', (error: Error & { code?: string }, socket: Duplex) => {
    refuseRaw(socket, CLIENT_ERROR_STATUS.get(error.code) ?? 400);
  });
}
