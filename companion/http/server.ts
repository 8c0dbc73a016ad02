/** Owns the life of the companion's one HTTP server: takes the port, composes guard, routes and sockets, closes all. */
import { createServer } from 'node:http';
import type { Link } from '../../shared/bridge/link.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { RandomSource } from '../../shared/random.ts';
import { webCryptoVerifier, type SignatureVerifier } from '../../shared/signatures.ts';
import type { AdapterShelf, ModelShelf } from '../llama/backend.ts';
import type { ApprovedHosts } from '../sessions/approved-hosts.ts';
import type { Pairing, PairingOffer } from '../sessions/pairing.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { Authenticated } from './authenticate.ts';
import { limitConnections } from './connections.ts';
import { sendError, sendText, type Exchange } from './exchange.ts';
import { attachFrontDoor } from './front-door.ts';
import { HTTP_LIMITS, MAX_HEADER_BYTES, type HttpLimits } from './limits.ts';
import { listen } from './listen.ts';
import type { GatedRouteDeps } from './gated-route.ts';
import { routeOf, type RouteDeps } from './routes.ts';
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
  readonly adapters: Pick<AdapterShelf, 'fileOf'>;
  readonly hosts: Pick<ApprovedHosts, 'list'>;
  readonly gated: GatedRouteDeps;
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
  const { clock, log, limits = HTTP_LIMITS, pairing, signal } = options;
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
  const connections = limitConnections(server, limits.maxConnections, clock);
  const sockets = new SocketServer({
    ...options,
    origin,
    verifier: options.verifier ?? webCryptoVerifier,
    lingerMs: limits.lingerMs,
  });
  attachFrontDoor(server, {
    origin,
    hosts: options.hosts,
    clock,
    limits,
    log,
    signal: closing.signal,
    onExchange: (exchange) => {
      serve(exchange, { ...options, manifest }).catch((error: unknown) => {
        fail(exchange, error, log);
      });
    },
    onUpgrade: (request, socket, head) => {
      connections.release(socket);
      sockets.accept(request, socket, head);
    },
  });

  const closeAll = async (): Promise<void> => {
    signal.removeEventListener('abort', onAbort);
    const freed = new Promise<void>((resolve) => server.close(() => resolve()));
    closing.abort(new AppError('Aborted', 'The companion shuts down.'));
    await sockets.close();
    server.closeAllConnections();
    await freed;
  };
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= closeAll());
  const onAbort = (): void => {
    close().catch((error: unknown) => {
      log.log('error', 'http.close-failed', { code: toAppError(error).code });
    });
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
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

async function serve(exchange: Exchange, deps: RouteDeps): Promise<void> {
  const route = routeOf(exchange.path);
  if (route.methods.includes(exchange.request.method ?? '')) {
    await route.handle(exchange, deps);
  } else {
    sendText(exchange, 405, 'This cannot be done here.', { allow: route.methods.join(', ') });
  }
}

/** Once an answer has begun, cutting the connection is the only way left to say that it failed. */
function fail(exchange: Exchange, error: unknown, log: Logger): void {
  const { code, message } = toAppError(error);
  // A peer that left in the middle is no failure of ours.
  const left = exchange.response.destroyed;
  log.log(code === 'Internal' && !left ? 'error' : 'info', 'http.failed', { code, message });
  if (exchange.response.headersSent || left) exchange.response.destroy();
  else sendError(exchange, error);
}
