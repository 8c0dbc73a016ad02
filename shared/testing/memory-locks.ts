/** Owns Web Locks in memory: a queue per name, shared by the simulated tabs of one browser profile. */
import { AppError } from '../errors.ts';
import type { HeldLock, Locks } from '../../web/node/ownership/locks.ts';

interface Holding {
  readonly lost: AbortController;
  release(): void;
}

export class MemoryLocks implements Locks {
  readonly #held = new Map<string, Holding>();
  readonly #queues = new Map<string, (() => void)[]>();

  acquire(name: string, signal: AbortSignal): Promise<HeldLock> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      const take = (): void => {
        resolve(this.#hold(name));
      };
      queue.push(take);
      signal.addEventListener('abort', () => {
        const index = queue.indexOf(take);
        if (index >= 0) queue.splice(index, 1);
        reject(signal.reason as Error);
      });
      this.#next(name);
    });
  }

  tryAcquire(name: string): Promise<HeldLock | undefined> {
    return Promise.resolve(this.#held.has(name) ? undefined : this.#hold(name));
  }

  steal(name: string): Promise<HeldLock> {
    this.#held.get(name)?.lost.abort(new AppError('OwnerElsewhere', 'stolen'));
    this.#held.delete(name);
    return Promise.resolve(this.#hold(name));
  }

  #hold(name: string): HeldLock {
    const holding: Holding = {
      lost: new AbortController(),
      release: () => {
        if (this.#held.get(name) !== holding) return;
        this.#held.delete(name);
        this.#next(name);
      },
    };
    this.#held.set(name, holding);
    return {
      name,
      lost: holding.lost.signal,
      release: () => {
        holding.release();
      },
    };
  }

  #next(name: string): void {
    if (!this.#held.has(name)) this.#queues.get(name)?.shift()?.();
  }
}
