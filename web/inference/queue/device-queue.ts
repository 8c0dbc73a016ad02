/** Owns the one queue in front of a device: who thinks next, and how much of its time the device may be busy. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';

export interface Want {
  readonly personaId: string;
  /** `background`: nobody waits for it. */
  readonly priority: 'interactive' | 'background';
}

/** Persona ids; those that wait in the order in which they will be let in. */
export interface QueueState {
  readonly running: readonly string[];
  readonly waiting: readonly string[];
}

export interface DeviceQueueDeps {
  /** How many may be at work at once. */
  readonly slots: number;
  readonly clock: Clock;
  onChange(state: QueueState): void;
}

interface Waiting {
  readonly want: Want;
  readonly arrival: number;
  readonly onPlace: ((ahead: number) => void) | undefined;
  readonly letIn: () => void;
  readonly giveUp: (reason: AppError) => void;
  /** Others that went before it although they came later. */
  overtaken: number;
}

/** However many of the interactive ones there are, what is in the background is done one day. */
const MOST_OVERTAKEN = 8;
/** Whoever waits longer than that thinks that she is dead, and a turn has its deadline. */
const MOST_REST_MS = 60_000;

export class DeviceQueue {
  readonly #deps: DeviceQueueDeps;
  readonly #running: string[] = [];
  readonly #waiting: Waiting[] = [];
  /** When each persona was let in last, as a running number. */
  readonly #served = new Map<string, number>();
  #arrivals = 0;
  #admissions = 0;
  /** Part of the time, above 0 up to 1. */
  #share = 1;
  #restUntilMs = -Infinity;
  #cancelRest: () => void = () => undefined;

  constructor(deps: DeviceQueueDeps) {
    this.#deps = deps;
  }

  get state(): QueueState {
    return {
      running: [...this.#running],
      waiting: this.#waiting.map(({ want }) => want.personaId),
    };
  }

  /** After work of a second the device rests for a second at a share of 0.5, for three at 0.25; for a minute at most. */
  set share(share: number) {
    this.#share = share;
    if (share === 1) this.#restUntilMs = -Infinity;
    this.#next();
  }

  /**
   * Waits until it is let in; the returned function ends the work, once. Rejects with `Aborted` while it waits.
   * `onPlace` is told how many are before it, at first and whenever that changes; never where no wait is needed.
   */
  enter(want: Want, signal: AbortSignal, onPlace?: (ahead: number) => void): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(givenUp());
        return;
      }
      const giveUp = (reason: AppError): void => {
        signal.removeEventListener('abort', onAbort);
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(reason);
        this.#tell();
      };
      const onAbort = (): void => {
        giveUp(givenUp());
      };
      const letIn = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve(this.#admit(want));
      };
      const waiting: Waiting = { want, arrival: (this.#arrivals += 1), onPlace, letIn, giveUp, overtaken: 0 };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  /** Everybody who waits is told `reason`, and no timer is left. */
  close(reason: AppError): void {
    this.#cancelRest();
    // Each takes itself out.
    while (this.#waiting.length > 0) this.#waiting[0]?.giveUp(reason);
  }

  #admit({ personaId, priority }: Want): () => void {
    const { clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    this.#running.push(personaId);
    this.#served.set(personaId, (this.#admissions += 1));
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#running.splice(this.#running.indexOf(personaId), 1);
      const nowMs = clock.monotonicMs();
      // Nobody who waits for an answer pays for what was done in the background.
      const owedMs = priority === 'background' ? 0 : (nowMs - startedMs) * (1 / this.#share - 1);
      this.#restUntilMs = Math.max(this.#restUntilMs, nowMs + Math.min(owedMs, MOST_REST_MS));
      this.#next();
    };
  }

  #next(): void {
    this.#waiting.sort((a, b) => this.#order(a, b));
    const { slots, clock } = this.#deps;
    while (this.#waiting.length > 0 && this.#running.length < slots) {
      const restMs = this.#restUntilMs - clock.monotonicMs();
      if (restMs > 0) {
        this.#cancelRest();
        this.#cancelRest = clock.after(restMs, () => {
          this.#next();
        });
        break;
      }
      const first = this.#waiting.shift();
      for (const other of this.#waiting) if (first && other.arrival < first.arrival) other.overtaken += 1;
      first?.letIn();
      this.#waiting.sort((a, b) => this.#order(a, b));
    }
    this.#tell();
  }

  /** Who was let in longest ago comes first, so that nobody waits twice for the same other. */
  #order(a: Waiting, b: Waiting): number {
    return (
      rank(a) - rank(b) ||
      (this.#served.get(a.want.personaId) ?? 0) - (this.#served.get(b.want.personaId) ?? 0) ||
      a.arrival - b.arrival
    );
  }

  #tell(): void {
    for (const [at, { onPlace }] of this.#waiting.entries()) onPlace?.(at + this.#running.length);
    this.#deps.onChange(this.state);
  }
}

function rank({ want, overtaken }: Waiting): number {
  return want.priority === 'interactive' || overtaken >= MOST_OVERTAKEN ? 0 : 1;
}

function givenUp(): AppError {
  return new AppError('Aborted', 'The request was given up before the engine began it.');
}
