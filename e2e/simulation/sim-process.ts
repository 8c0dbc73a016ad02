/** Owns what a simulated process is: code that runs on a clock which stops for it when it is killed. */
import type { Clock } from '../../shared/clock.ts';

/** After `kill` nothing of the process goes on: no timer fires, no sleep ends, no stored step comes back. */
export class SimProcess {
  readonly clock: Clock;
  #alive = true;

  constructor(world: Clock) {
    const after = (delayMs: number, callback: () => void): (() => void) =>
      world.after(delayMs, () => {
        if (this.#alive) callback();
      });
    this.clock = {
      nowMs: () => world.nowMs(),
      monotonicMs: () => world.monotonicMs(),
      after,
      sleep: (delayMs, signal) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) {
            reject(signal.reason as Error);
            return;
          }
          const onAbort = (): void => {
            cancel();
            reject(signal?.reason as Error);
          };
          const cancel = after(delayMs, () => {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          });
          signal?.addEventListener('abort', onAbort, { once: true });
        }),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  kill(): void {
    this.#alive = false;
  }
}
