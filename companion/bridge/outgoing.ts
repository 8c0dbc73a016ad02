/** Owns the way out of one socket: nothing after its end, and streams wait for a reader that is slow. */
import { CLOSE, MAX_BUFFERED_BYTES } from '../../shared/bridge/limits.ts';
import type { Link } from '../../shared/bridge/link.ts';
import type { DownMessage } from '../../shared/bridge/protocol.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';

/** Streams pause here, far below the bound at which the link is cut. */
const PAUSE_AT_BYTES = MAX_BUFFERED_BYTES / 8;
/** A link has no event for "drained". */
const LOOK_EVERY_MS = 20;
/** A reader that takes nothing for that long is cut off: its streams would hold the daemon's. */
const STALLED_AFTER_MS = 10_000;

export class Outgoing {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;

  /** `signal` aborts at the end of the socket. */
  constructor(link: Link, clock: Clock, signal: AbortSignal) {
    this.#link = link;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** At once. Nothing happens after the end. */
  send(message: DownMessage): void {
    if (!this.#signal.aborted) this.#link.send(JSON.stringify(message));
  }

  /** As soon as the reader keeps up. Rejects when the socket ends, also because the reader never did. */
  async sendPaced(message: DownMessage): Promise<void> {
    if (this.#link.bufferedBytes > PAUSE_AT_BYTES) await this.#drained();
    this.#signal.throwIfAborted();
    this.send(message);
  }

  async #drained(): Promise<void> {
    let lastBytes = this.#link.bufferedBytes;
    let movedAtMs = this.#clock.monotonicMs();
    while (this.#link.bufferedBytes > PAUSE_AT_BYTES) {
      await this.#clock.sleep(LOOK_EVERY_MS, this.#signal);
      const nowMs = this.#clock.monotonicMs();
      if (this.#link.bufferedBytes < lastBytes) movedAtMs = nowMs;
      lastBytes = this.#link.bufferedBytes;
      if (nowMs - movedAtMs < STALLED_AFTER_MS) continue;
      this.#link.close(CLOSE.tooSlow, 'too slow');
      throw new AppError('Aborted', 'The page does not read what it asked for.');
    }
  }
}
