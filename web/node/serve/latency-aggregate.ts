/** Owns a latency summary in constant space. */

export class LatencyAggregate {
  #count = 0;
  #totalMs = 0;
  #minMs: number | undefined;
  #maxMs: number | undefined;

  /** `durationMs` from the monotonic clock. */
  record(durationMs: number): void {
    this.#count += 1;
    this.#totalMs = Math.min(Number.MAX_SAFE_INTEGER, this.#totalMs + durationMs);
    this.#minMs = Math.min(this.#minMs ?? durationMs, durationMs);
    this.#maxMs = Math.max(this.#maxMs ?? durationMs, durationMs);
  }

  get count(): number {
    return this.#count;
  }
  get totalMs(): number {
    return this.#totalMs;
  }
  get minMs(): number | undefined {
    return this.#minMs;
  }
  get maxMs(): number | undefined {
    return this.#maxMs;
  }
  get meanMs(): number | undefined {
    return this.#count === 0 ? undefined : this.#totalMs / this.#count;
  }
}
