/** Owns the bridge's sockets: upgrade, authentication, caps, revocation, shutdown. What is said on them is the relay's. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import {
  CLOSE,
  MAX_MESSAGE_BYTES,
  MAX_PENDING_SOCKETS,
  MAX_SOCKETS_PER_SESSION,
} from '../../shared/bridge/limits.ts';
import type { Link } from '../../shared/bridge/link.ts';
import type { DownMessage } from '../../shared/bridge/protocol.ts';
import { toAppError, toWireError, type ErrorCode } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import { authenticate, type Authenticated, type AuthenticateDeps } from './authenticate.ts';
import { securityHeaders } from './headers.ts';
import { refuseRaw } from './raw-refusal.ts';
import { SocketLink } from './socket-link.ts';

export interface SocketServerDeps extends AuthenticateDeps {
  readonly sessions: SessionStore;
  readonly log: Logger;
  readonly lingerMs: number;
  /**
   * Takes over an authenticated link: sets `onMessage` and `onClose` before it returns, and sends `ready`. One that
   * throws costs its own socket only.
   */
  readonly onSession: (link: Link, info: Authenticated) => void;
}

export class SocketServer {
  readonly #deps: SocketServerDeps;
  readonly #server: WebSocketServer;
  /** Oldest first, as sets keep their order. */
  readonly #pending = new Set<SocketLink>();
  readonly #ready = new Map<SocketLink, string>();
  readonly #stopListening: () => void;
  #closed = false;
  #onEmpty: () => void = () => undefined;

  constructor(deps: SocketServerDeps) {
    this.#deps = deps;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
      maxFragments: 1024,
      maxBufferedChunks: 4096,
    });
    this.#server.on('headers', (headers) => {
      for (const [name, value] of Object.entries(securityHeaders())) headers.push(`${name}: ${value}`);
    });
    this.#server.on('wsClientError', (_error, socket) => {
      refuseRaw(socket, 400);
    });
    this.#stopListening = deps.sessions.onRevoked((sessionId) => {
      for (const link of this.#linksOf(sessionId)) link.close(CLOSE.unauthorised, 'revoked');
    });
  }

  /** Takes an upgrade that passed the guard. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#closed) {
      refuseRaw(socket, 503);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#open(webSocket).catch((error: unknown) => {
        this.#deps.log.log('error', 'socket.failed', { code: toAppError(error).code });
      });
    });
  }

  /** Authenticated sockets that are open now. */
  get readyCount(): number {
    return this.#ready.size;
  }

  /** Tells every socket that the companion shuts down; resolves when all are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopListening();
    const links = [...this.#pending, ...this.#ready.keys()];
    if (links.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      for (const link of links) link.close(CLOSE.shutdown, 'shutdown');
    });
  }

  async #open(webSocket: WebSocket): Promise<void> {
    const { clock, lingerMs, log } = this.#deps;
    const link = new SocketLink(webSocket, {
      clock,
      lingerMs,
      onGone: () => {
        this.#pending.delete(link);
        this.#ready.delete(link);
        if (this.#pending.size + this.#ready.size === 0) this.#onEmpty();
      },
    });
    this.#pending.add(link);
    // Whoever is slow gives way: a page answers in milliseconds, a flood cannot keep it out.
    if (this.#pending.size > MAX_PENDING_SOCKETS) {
      const [oldest] = this.#pending;
      this.#pending.delete(oldest ?? link);
      oldest?.close(CLOSE.rate, 'too many sockets');
    }
    let info: Authenticated;
    try {
      info = await authenticate(link, this.#deps);
    } catch (error) {
      this.#refuse(link, error);
      return;
    }
    this.#admit(link, info.sessionId);
    try {
      this.#deps.onSession(link, info);
    } catch (error) {
      log.log('error', 'socket.relay-failed', { code: toAppError(error).code });
      link.close(1011, 'internal');
    }
  }

  #admit(link: SocketLink, sessionId: string): void {
    this.#pending.delete(link);
    const links = this.#linksOf(sessionId);
    if (links.length >= MAX_SOCKETS_PER_SESSION) links[0]?.close(CLOSE.superseded, 'superseded');
    this.#ready.set(link, sessionId);
    this.#deps.sessions.seen(sessionId);
    this.#deps.log.log('info', 'socket.ready', { sessionId });
  }

  #refuse(link: SocketLink, thrown: unknown): void {
    const error = toWireError(thrown);
    if (error.code !== 'Aborted') this.#deps.log.log('warn', 'socket.refused', { code: error.code });
    const refused: DownMessage = { type: 'refused', error };
    link.send(JSON.stringify(refused));
    link.close(closeCodeOf(error.code), error.code);
  }

  #linksOf(sessionId: string): SocketLink[] {
    return [...this.#ready].filter(([, owner]) => owner === sessionId).map(([link]) => link);
  }
}

function closeCodeOf(code: ErrorCode): number {
  return code === 'SessionUnknown' ? CLOSE.unauthorised : CLOSE.protocol;
}
