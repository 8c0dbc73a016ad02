/** Owns one rate limit: so many at once, and then as fast as it refills. */
import type { Clock } from '../../shared/clock.ts';

export class TokenBucket {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #refillPerMs: number;
  #tokens: number;
  #filledAtMs: number;

  constructor(clock: Clock, burst: number, refillPerMs: number) {
    this.#clock = clock;
    this.#burst = burst;
    this.#refillPerMs = refillPerMs;
    this.#tokens = burst;
    this.#filledAtMs = clock.monotonicMs();
  }

  /** False when the limit is reached. */
  take(): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#filledAtMs) * this.#refillPerMs);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
