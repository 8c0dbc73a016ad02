/** Owns which pushed events have not been read from the inbox yet, and how long they are looked for. */
import type { Uuid } from '../../../shared/airc/model.ts';

/** The daemon may push an event a moment before its inbox shows it; after the last step the regular checks take over. */
const RETRY_MS = [20, 50, 200, 500];
/** Pushed and read cross on the way: an event that was just read is no news. */
const REMEMBERED = 1_024;

export class LiveHints {
  readonly #open = new Set<Uuid>();
  readonly #read = new Set<Uuid>();
  #tries = 0;

  /** Something was pushed that is not read yet. */
  get open(): boolean {
    return this.#open.size > 0;
  }

  add(eventId: Uuid): void {
    if (!this.#read.has(eventId)) this.#open.add(eventId);
  }

  resolve(eventId: Uuid): void {
    this.#open.delete(eventId);
    if (this.#open.size === 0) this.#tries = 0;
    this.#read.add(eventId);
    if (this.#read.size > REMEMBERED) {
      for (const oldest of this.#read) {
        this.#read.delete(oldest);
        break;
      }
    }
  }

  /** When to read again for what is still open; undefined when there is nothing, or no more hope. */
  nextRetryMs(): number | undefined {
    if (!this.open) return undefined;
    const delayMs = RETRY_MS[this.#tries];
    this.#tries += 1;
    if (delayMs === undefined) {
      this.#open.clear();
      this.#tries = 0;
    }
    return delayMs;
  }
}
