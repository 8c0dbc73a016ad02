/** Owns what follows when the GPU goes away: once it is forgiven, then the companion goes on, or everybody stops. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import type { DeviceLossRemedy } from '../boot/adapter-factory.ts';

/** A driver that resets itself once a day is no reason to leave the GPU; one that does it twice in this time is. */
export const FORGIVEN_AFTER_MS = 600_000;

export class DeviceLosses {
  readonly #clock: Clock;
  #lastMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `askWhyNot`: why the companion cannot go on with the same file, as the end of a sentence; undefined when it can. */
  add(askWhyNot: () => string | undefined): DeviceLossRemedy {
    const nowMs = this.#clock.monotonicMs();
    const isFirst = nowMs > this.#lastMs + FORGIVEN_AFTER_MS;
    this.#lastMs = nowMs;
    if (isFirst) return { kind: 'again' };
    const cannotMove = askWhyNot();
    const gone = 'The GPU went away twice within ten minutes.';
    return cannotMove === undefined
      ? { kind: 'move', told: lost(`${gone} The companion goes on with the same model.`) }
      : { kind: 'stop', told: lost(`${gone} Nobody thinks now: ${cannotMove}.`) };
  }
}

function lost(message: string): AppError {
  return new AppError('DeviceLost', message);
}
