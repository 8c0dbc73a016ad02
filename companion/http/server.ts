/** Owns the companion's one HTTP server: guard first, then the route; nothing answers beside it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { PATHS } from '../../shared/bridge/protocol.ts';
import type { Link } from '../../shared/bridge/link.ts';
import type { Clock } from '../../shared/clock.ts';
import { toAppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { RandomSource } from '../../shared/random.ts';
import { webCryptoVerifier, type SignatureVerifier } from '../../shared/signatures.ts';
import type { ModelShelf } from '../llama/backend.ts';
import type { Pairing, PairingOffer } from '../sessions/pairing.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { Authenticated } from './authenticate.ts';
import { limitConnections } from './connections.ts';
import { sendError, sendText, type Exchange } from './exchange.ts';
import { judge, type Verdict } from './guard.ts';
import { HTTP_LIMITS, MAX_HEADER_BYTES, type HttpLimits } from './limits.ts';
import { listen } from './listen.ts';
import { refuseRaw } from './raw-refusal.ts';
import { createRefusalLog } from './refusal-log.ts';
import { routeOf, type Route } from './routes.ts';
import { SocketServer } from './socket-server.ts';
import { readStaticManifest } from './static-manifest.ts';

export interface HttpServerOptions {
  /** 0 lets the system choose (tests). */
  readonly port: number;
  /** Absolute path of the built page. */
  readonly staticDir: string;
  readonly sessions: SessionStore;
  readonly pairing: Pairing;
  readonly shelf: Pick<ModelShelf, 'pathOf' | 'receiveUpload'>;
  /** See {@link SocketServerDeps.onSession}. */
  readonly onSession: (link: Link, info: Authenticated) => void;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** Aborting closes the server, as `close` does. */
  readonly signal: AbortSignal;
  readonly verifier?: SignatureVerifier;
  readonly limits?: HttpLimits;
}

export interface HttpServer {
  /** `http://127.0.0.1:PORT`, the only one there is. */
  readonly origin: string;
  /** A fresh one-time link to this origin. */
  issuePairing(): PairingOffer;
  /** Authenticated sockets that are open now. */
  readonly readySockets: number;
  /** Closes sockets (4009) and connections; resolves when the port is free. */
  close(): Promise<void>;
}

/** Resolves when the port is bound. Rejects with `BuildMissing`, `PortTaken` or `ArgumentInvalid`. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { clock, log, limits = HTTP_LIMITS, pairing } = options;
  const manifest = await readStaticManifest(options.staticDir);
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: limits.headersWithinMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    // Bodies have deadlines of their own: a large upload may take long as long as it moves.
    requestTimeout: 0,
  });
  server.timeout = limits.idleMs;
  const origin = await listen(server, options.port, clock);

  const closing = new AbortController();
  const connections = limitConnections(server, limits.maxConnections);
  const sockets = new SocketServer({
    ...options,
    origin,
    verifier: options.verifier ?? webCryptoVerifier,
    lingerMs: limits.lingerMs,
  });
  const refused = createRefusalLog(clock, log);
  const check = (request: IncomingMessage): Verdict => {
    const { method = '', url = '', rawHeaders } = request;
    const verdict = judge({ method, target: url, rawHeaders }, origin, (path) => routeOf(path).reach);
    if (verdict.tag === 'refuse') refused(verdict.status, verdict.reason);
    return verdict;
  };

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    // The peer may leave at any time; what was meant for it then has no other place to be told.
    response.on('error', () => undefined);
    const verdict = check(request);
    const path = verdict.tag === 'pass' ? verdict.path : '';
    const exchange: Exchange = { request, response, path, clock, limits, signal: closing.signal };
    switch (verdict.tag) {
      case 'refuse':
        sendText(exchange, verdict.status, `Refused (${verdict.reason}). Persona Node is at ${origin}`);
        return;
      case 'redirect':
        sendText(exchange, 308, `Persona Node is at ${origin}`, { location: verdict.location });
        return;
      case 'pass':
        handle(exchange, routeOf(path)).catch((error: unknown) => {
          fail(exchange, error);
        });
    }
  };
  const handle = async (exchange: Exchange, route: Route): Promise<void> => {
    if (!route.methods.includes(exchange.request.method ?? '')) {
      sendText(exchange, 405, 'This cannot be done here.', { allow: route.methods.join(', ') });
      return;
    }
    await route.handle(exchange, { ...options, manifest });
  };
  const fail = (exchange: Exchange, error: unknown): void => {
    const { code, message } = toAppError(error);
    log.log(code === 'Internal' ? 'error' : 'info', 'http.failed', { code, message });
    if (exchange.response.headersSent || exchange.response.destroyed) exchange.response.destroy();
    else sendError(exchange, error);
  };
  server.on('request', onRequest);
  // Without this Node says "100 Continue" before the guard has seen the request.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (check(request).tag === 'pass') response.writeContinue();
    server.emit('request', request, response);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const verdict = check(request);
    if (verdict.tag !== 'pass') refuseRaw(socket, verdict.tag === 'refuse' ? verdict.status : 421);
    else if (verdict.path !== PATHS.socket) refuseRaw(socket, 404);
    else {
      connections.release(socket);
      sockets.accept(request, socket, head);
    }
  });
  server.on('connect', (_request, socket: Duplex) => {
    refuseRaw(socket, 405);
  });
  server.on('clientError', (error: Error & { code?: string }, socket: Duplex) => {
    refuseRaw(socket, CLIENT_ERROR_STATUS.get(error.code) ?? 400);
  });

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= (async () => {
      const freed = new Promise<void>((resolve) => server.close(() => resolve()));
      closing.abort(toAppError(new Error('The companion shuts down.'), 'Aborted'));
      await sockets.close();
      server.closeAllConnections();
      await freed;
    })();
    return closed;
  };
  const onAbort = (): void => {
    close().catch((error: unknown) => {
      log.log('error', 'http.close-failed', { code: toAppError(error).code });
    });
  };
  if (options.signal.aborted) onAbort();
  else options.signal.addEventListener('abort', onAbort, { once: true });
  log.log('info', 'http.listening', { origin, files: manifest.size });

  return {
    origin,
    issuePairing: () => pairing.issue(origin),
    get readySockets() {
      return sockets.readyCount;
    },
    close,
  };
}

const CLIENT_ERROR_STATUS: ReadonlyMap<string | undefined, number> = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);
