/** Owns being the only one of this browser profile who holds a name: Web Locks, as an interface. */
import { AppError } from '../../../shared/errors.ts';

export interface HeldLock {
  readonly name: string;
  /** Aborted when another tab took the lock by force. */
  readonly lost: AbortSignal;
  release(): void;
}

export interface Locks {
  /** Waits for the lock, in the order of asking. Rejects with the signal's reason. */
  acquire(name: string, signal: AbortSignal): Promise<HeldLock>;
  /** At once or not at all. */
  tryAcquire(name: string): Promise<HeldLock | undefined>;
  /** Takes it from a holder that does not answer any more. */
  steal(name: string): Promise<HeldLock>;
}

/** Web Locks end with their tab, also when it crashes. */
export function createWebLocks(manager: LockManager): Locks {
  const request = (name: string, options: LockOptions): Promise<HeldLock | undefined> =>
    new Promise((resolve, reject) => {
      const lost = new AbortController();
      manager
        .request(name, options, (lock) => {
          if (!lock) {
            resolve(undefined);
            return undefined;
          }
          return new Promise<void>((release) => {
            resolve({ name, lost: lost.signal, release });
          });
        })
        .catch((error: unknown) => {
          lost.abort(new AppError('OwnerElsewhere', 'Another tab took over.', { cause: error }));
          reject(error as Error);
        });
    });
  const held = async (name: string, options: LockOptions): Promise<HeldLock> => {
    const lock = await request(name, options);
    if (!lock) throw new AppError('Internal', `The lock "${name}" was not given.`);
    return lock;
  };
  return {
    acquire: (name, signal) => held(name, { signal }),
    tryAcquire: (name) => request(name, { ifAvailable: true }),
    steal: (name) => held(name, { steal: true }),
  };
}
