/** Owns time that passes only when a test says so: timers run in order, each after everything the last one caused. */
import type { Clock } from '../clock.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Wall time of every virtual beginning. */
export const VIRTUAL_EPOCH_MS = 1_700_000_000_000;

export class VirtualClock implements Clock {
  readonly #timers: Timer[] = [];
  #elapsedMs = 0;
  #order = 0;

  nowMs(): number {
    return VIRTUAL_EPOCH_MS + Math.floor(this.#elapsedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => {
        cancel();
        reject(signal?.reason as Error);
      };
      const cancel = this.after(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  after(delayMs: number, callback: () => void): () => void {
    this.#order += 1;
    const timer: Timer = {
      atMs: this.#elapsedMs + Math.max(0, delayMs),
      order: this.#order,
      run: callback,
    };
    this.#insert(timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /** Lets `durationMs` pass: every timer that falls due runs, and what it causes settles before the next one. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#elapsedMs + durationMs;
    await settle();
    for (;;) {
      const next = this.#timers[0];
      if (!next || next.atMs > untilMs) break;
      this.#timers.shift();
      this.#elapsedMs = next.atMs;
      next.run();
      await settle();
    }
    this.#elapsedMs = untilMs;
  }

  /** Advances in small steps until `condition` holds. Throws after `limitMs`. */
  async until(condition: () => boolean, limitMs = 60_000): Promise<void> {
    const endMs = this.#elapsedMs + limitMs;
    await settle();
    while (!condition()) {
      const next = this.#timers[0];
      if (!next || next.atMs > endMs) throw new Error(`It did not happen within ${limitMs} virtual ms.`);
      await this.advance(next.atMs - this.#elapsedMs);
    }
  }

  #insert(timer: Timer): void {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#timers[middle];
      if (other && (other.atMs < timer.atMs || (other.atMs === timer.atMs && other.order < timer.order))) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    this.#timers.splice(low, 0, timer);
  }
}

/** Microtasks, and those they start, have all run. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
