/** Owns one WebSocket as a {@link Link}: text only, so fast, so much unread, and an end that always comes. */
import type { WebSocket } from 'ws';
import {
  CLOSE,
  MAX_BUFFERED_BYTES,
  RATE_BURST_MESSAGES,
  RATE_REFILL_PER_MS,
} from '../../shared/bridge/limits.ts';
import type { Link } from '../../shared/bridge/link.ts';
import type { Clock } from '../../shared/clock.ts';
import { TokenBucket } from './token-bucket.ts';

export interface SocketLinkDeps {
  readonly clock: Clock;
  /** How long the peer may take to answer a close before the connection is cut. */
  readonly lingerMs: number;
  /** Called once, after `onClose`. */
  readonly onGone: (link: SocketLink) => void;
}

export class SocketLink implements Link {
  onMessage: (text: string) => void = () => undefined;
  onClose: (code: number, reason: string) => void = () => undefined;
  readonly #socket: WebSocket;
  readonly #deps: SocketLinkDeps;
  readonly #bucket: TokenBucket;
  #closing: { readonly code: number; readonly reason: string; readonly cancelCut: () => void } | undefined;

  constructor(socket: WebSocket, deps: SocketLinkDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.#bucket = new TokenBucket(deps.clock, RATE_BURST_MESSAGES, RATE_REFILL_PER_MS);
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      this.#receive(data, isBinary);
    });
    // Control frames cost work too, and are no part of our protocol.
    socket.on('ping', () => this.#withinRate());
    socket.on('pong', () => this.#withinRate());
    // Oversized, malformed, reset: `ws` closes with the code of the standard, and `close` follows.
    socket.on('error', () => undefined);
    socket.on('close', (code: number, reason: Buffer) => {
      this.#end(code, reason.toString());
    });
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(text: string): void {
    if (this.#closing !== undefined || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(text);
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) this.close(CLOSE.tooSlow, 'too slow');
  }

  close(code: number, reason: string): void {
    if (this.#closing !== undefined) return;
    const cancelCut = this.#deps.clock.after(this.#deps.lingerMs, () => {
      this.#socket.terminate();
    });
    this.#closing = { code, reason, cancelCut };
    this.#socket.close(code, reason);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#closing !== undefined || !this.#withinRate()) return;
    if (isBinary) this.close(CLOSE.protocol, 'text only');
    else this.onMessage(data.toString());
  }

  #withinRate(): boolean {
    if (this.#bucket.take()) return true;
    this.close(CLOSE.rate, 'too many messages');
    return false;
  }

  #end(code: number, reason: string): void {
    const own = this.#closing;
    own?.cancelCut();
    // From here on `close` and `send` do nothing.
    this.#closing ??= { code, reason, cancelCut: () => undefined };
    this.onClose(own?.code ?? code, own?.reason ?? reason);
    this.#deps.onGone(this);
  }
}
