/** Owns who may have gated files fetched: whoever holds the ticket of a socket that is authenticated and still open. */
import { toBase64Url } from '../../shared/base64url.ts';
import type { RandomSource } from '../../shared/random.ts';

export class GatedTickets {
  readonly #random: RandomSource;
  /** With the signal that ends with its socket. */
  readonly #open = new Map<string, AbortSignal>();

  constructor(random: RandomSource) {
    this.#random = random;
  }

  /** The one of `socket`, which holds until that ends. */
  issue(socket: AbortSignal): string {
    socket.throwIfAborted();
    const [known] = [...this.#open].find(([, signal]) => signal === socket) ?? [];
    if (known !== undefined) return known;
    const ticket = toBase64Url(this.#random.bytes(32));
    this.#open.set(ticket, socket);
    socket.addEventListener('abort', () => this.#open.delete(ticket), { once: true });
    return ticket;
  }

  /** Of the socket that it belongs to; undefined for one that is none, or no longer. */
  find(ticket: string): AbortSignal | undefined {
    return this.#open.get(ticket);
  }
}
