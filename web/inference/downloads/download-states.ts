/** Owns what is told of the downloads, and how often. */
import type { Clock } from '../../../shared/clock.ts';
import type { WireError } from '../../../shared/errors.ts';

/** One download as it is now; plain data. */
export interface DownloadState {
  readonly id: string;
  readonly name: string;
  /** Of its host. */
  readonly origin: string;
  readonly sizeBytes: number;
  readonly doneBytes: number;
  readonly phase: 'paused' | 'fetching' | 'verifying';
  /** Over the last seconds, while fetching. */
  readonly bytesPerSecond?: number;
  /** Why it does not go on. */
  readonly error?: WireError;
}

/** A rate over less jumps with every part that arrives. */
const RATE_WINDOW_MS = 4_000;
/** Telling more often only costs. */
const TELL_EVERY_MS = 250;

export class DownloadStates {
  readonly #clock: Clock;
  readonly #onChange: (states: readonly DownloadState[]) => void;
  readonly #states = new Map<string, DownloadState>();
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #cancelTelling: (() => void) | undefined;

  constructor(clock: Clock, onChange: (states: readonly DownloadState[]) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  doneBytes(id: string): number {
    return this.#states.get(id)?.doneBytes ?? 0;
  }

  set(state: DownloadState): void {
    this.#states.set(state.id, state);
  }

  delete(id: string): void {
    this.#states.delete(id);
  }

  /** Sets it, and tells soon. */
  show(state: DownloadState): void {
    const before = this.#states.get(state.id);
    this.#states.set(state.id, state);
    const nowMs = this.#clock.monotonicMs();
    if (before?.phase !== state.phase || nowMs - this.#toldAtMs >= TELL_EVERY_MS) this.tell();
    // A line that stands still would else be shown with what it had a moment before.
    else this.#cancelTelling ??= this.#clock.after(TELL_EVERY_MS, () => this.tell());
  }

  tell(): void {
    this.#cancelTelling?.();
    this.#cancelTelling = undefined;
    this.#toldAtMs = this.#clock.monotonicMs();
    this.#onChange([...this.#states.values()]);
  }
}

export function rateOf(clock: Clock): (doneBytes: number) => number | undefined {
  const marks: { atMs: number; doneBytes: number }[] = [];
  return (doneBytes) => {
    const atMs = clock.monotonicMs();
    if (atMs - (marks.at(-1)?.atMs ?? 0) >= TELL_EVERY_MS / 2 || marks.length === 0)
      marks.push({ atMs, doneBytes });
    while (marks.length > 2 && atMs - (marks[1]?.atMs ?? atMs) > RATE_WINDOW_MS) marks.shift();
    const [first] = marks;
    if (!first || atMs - first.atMs < 2 * TELL_EVERY_MS) return undefined;
    return Math.max(0, (1000 * (doneBytes - first.doneBytes)) / (atMs - first.atMs));
  };
}
