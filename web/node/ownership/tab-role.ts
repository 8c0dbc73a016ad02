/**
 * Owns which tab of this browser profile is the node. The first one is; every other one is a viewer that waits in line,
 * so that it takes over when the owner's tab is closed or crashes, or at once when the person says "move here".
 */
import type { Clock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import { abortable, nextOf } from '../abortable.ts';
import { createTopic } from '../topic.ts';
import type { HeldLock, Locks } from './locks.ts';

export interface TabRoleDeps {
  readonly locks: Locks;
  readonly clock: Clock;
  /** Asks the owner to stop in good order. */
  askToYield(): void;
  becomeViewer(): void;
  /** Resolves when the node runs. */
  becomeOwner(): Promise<void>;
  /** Resolves after the orderly end. */
  stopOwning(): Promise<void>;
}

const LOCK_NAME = 'persona-node';
/** A frozen or crashed owner does not answer: then the lock is taken from it. */
const YIELD_WITHIN_MS = 4_000;
const STAND_ASIDE_MS = YIELD_WITHIN_MS + 1_000;

export class TabRole {
  readonly #deps: TabRoleDeps;
  readonly #moveAsked = createTopic<true>();
  readonly #yieldAsked = createTopic<true>();

  constructor(deps: TabRoleDeps) {
    this.#deps = deps;
  }

  /** The person wants the node in this tab. */
  moveHere(): void {
    this.#moveAsked.publish(true);
  }
  /** Another tab wants it: an owner stops, a viewer stands aside. */
  onYieldAsked(): void {
    this.#yieldAsked.publish(true);
  }

  async run(signal: AbortSignal): Promise<void> {
    let lock = await this.#deps.locks.tryAcquire(LOCK_NAME);
    while (!signal.aborted) {
      lock ??= await this.#waitAsViewer(signal);
      await this.#own(lock, signal);
      lock = undefined;
    }
  }

  async #waitAsViewer(signal: AbortSignal): Promise<HeldLock> {
    this.#deps.becomeViewer();
    for (;;) {
      const lock = await this.#waitInLine(signal);
      if (lock) return lock;
      // The person chose another tab: that one goes first.
      await this.#deps.clock.sleep(STAND_ASIDE_MS, signal);
    }
  }

  /** Undefined when another tab is to have the lock. */
  async #waitInLine(signal: AbortSignal): Promise<HeldLock | undefined> {
    const { locks } = this.#deps;
    const line = new AbortController();
    const either = AbortSignal.any([signal, line.signal]);
    const next = locks.acquire(LOCK_NAME, either);
    const moved = this.#moveInto(next, either);
    const aside = nextOf(this.#yieldAsked, (asked) => asked, either).then(() => undefined);
    // All settle: those that lost the race are cancelled, and their end is of no interest.
    for (const cancelled of [next, moved, aside]) cancelled.catch((_cancelled: unknown) => undefined);
    let chosen: HeldLock | undefined;
    try {
      chosen = await Promise.race([next, moved, aside]);
      return chosen;
    } finally {
      line.abort(new AppError('Aborted', 'The wait is over.'));
      // Given in the very moment in which this tab stood aside.
      next
        .then((lock) => {
          if (lock !== chosen) lock.release();
        })
        .catch((_cancelled: unknown) => undefined);
    }
  }

  /** The lock, soon after the person asked for it: given by the owner in good order, or taken. */
  async #moveInto(next: Promise<HeldLock>, signal: AbortSignal): Promise<HeldLock> {
    const { locks, clock } = this.#deps;
    await nextOf(this.#moveAsked, (asked) => asked, signal);
    this.#deps.askToYield();
    const given = await Promise.race([next, clock.sleep(YIELD_WITHIN_MS, signal)]);
    return given ?? locks.steal(LOCK_NAME);
  }

  async #own(lock: HeldLock, signal: AbortSignal): Promise<void> {
    try {
      const asked = nextOf(this.#yieldAsked, (yes) => yes, AbortSignal.any([signal, lock.lost]));
      // Subscribed before the start, so that a wish during the start is not lost.
      asked.catch((_over: unknown) => undefined);
      await abortable(this.#deps.becomeOwner(), lock.lost);
      await asked;
    } catch (error) {
      if (!lock.lost.aborted && !signal.aborted) throw error;
    } finally {
      await this.#deps.stopOwning();
      lock.release();
    }
  }
}
