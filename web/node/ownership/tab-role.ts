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
  yielded(): void;
}

const LOCK_NAME = 'persona-node';
/** A frozen or crashed owner does not answer: then the lock is taken from it. */
const YIELD_WITHIN_MS = 4_000;

export class TabRole {
  readonly #deps: TabRoleDeps;
  readonly #moveAsked = createTopic<true>();
  readonly #otherYielded = createTopic<true>();
  readonly #yieldAsked = createTopic<true>();

  constructor(deps: TabRoleDeps) {
    this.#deps = deps;
  }

  /** The person wants the node in this tab. */
  moveHere(): void {
    this.#moveAsked.publish(true);
  }
  /** Another tab wants it. */
  onYieldAsked(): void {
    this.#yieldAsked.publish(true);
  }
  onOtherYielded(): void {
    this.#otherYielded.publish(true);
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
    const { locks } = this.#deps;
    this.#deps.becomeViewer();
    const inLine = new AbortController();
    const next = locks.acquire(LOCK_NAME, AbortSignal.any([signal, inLine.signal]));
    const moved = this.#waitForMove(AbortSignal.any([signal, inLine.signal]));
    // Both settle: the one that is not needed is cancelled and its end is of no interest.
    next.catch((_cancelled: unknown) => undefined);
    moved.catch((_cancelled: unknown) => undefined);
    try {
      const winner = await Promise.race([next, moved]);
      return winner ?? (await locks.steal(LOCK_NAME));
    } finally {
      inLine.abort(new AppError('Aborted', 'The wait is over.'));
    }
  }

  /** Undefined once the owner gave way, or failed to in time. */
  async #waitForMove(signal: AbortSignal): Promise<undefined> {
    await nextOf(this.#moveAsked, (asked) => asked, signal);
    this.#deps.askToYield();
    await Promise.race([
      nextOf(this.#otherYielded, (done) => done, signal),
      this.#deps.clock.sleep(YIELD_WITHIN_MS, signal),
    ]);
    return undefined;
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
      this.#deps.yielded();
      lock.release();
    }
  }
}
