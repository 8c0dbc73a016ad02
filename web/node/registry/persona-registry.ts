/**
 * Owns who is registered on this node and which service loop runs for whom. A slot is a citizen and, while it is
 * attended, her loop; a loop is owned by its starter until `attach` succeeded, and by the slot from then on.
 */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { AppError } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/log.ts';
import type { CitizenRuntime } from '../citizen/citizen-runtime.ts';
import { drain, type ServiceHandle } from './service-handle.ts';
import { SlotLock } from './slot-lock.ts';

export type AttachResult =
  | { readonly ok: true }
  /** The handle comes back alive: the caller stops it and waits. */
  | {
      readonly ok: false;
      readonly handle: ServiceHandle;
      readonly reason: 'no slot' | 'already attached' | 'slot removed';
    };

interface Slot {
  readonly runtime: CitizenRuntime;
  readonly lock: SlotLock;
  handle: ServiceHandle | undefined;
  unattended: AppError | undefined;
}

export class PersonaRegistry {
  readonly #slots = new Map<Uuid, Slot>();
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** A second registration of one peer id is refused: the running one would be lost. */
  register(runtime: CitizenRuntime): boolean {
    const { peerId } = runtime.citizen;
    if (this.#slots.has(peerId)) return false;
    this.#slots.set(peerId, { runtime, lock: new SlotLock(), handle: undefined, unattended: undefined });
    return true;
  }

  get(peerId: Uuid): CitizenRuntime | undefined {
    return this.#slots.get(peerId)?.runtime;
  }

  ids(): readonly Uuid[] {
    return [...this.#slots.keys()];
  }

  /** Why a registered persona has no loop; undefined for one that has, and for an unknown one. */
  unattendedBecause(peerId: Uuid): AppError | undefined {
    return this.#slots.get(peerId)?.unattended;
  }

  markUnattended(peerId: Uuid, reason: AppError): void {
    const slot = this.#slots.get(peerId);
    if (slot) slot.unattended = reason;
  }

  async attach(peerId: Uuid, handle: ServiceHandle): Promise<AttachResult> {
    const slot = this.#slots.get(peerId);
    if (!slot) return { ok: false, handle, reason: 'no slot' };
    return slot.lock.run((): Promise<AttachResult> => {
      // A shutdown may have held the lock: then this slot cannot be reached any more.
      if (this.#slots.get(peerId) !== slot)
        return Promise.resolve({ ok: false, handle, reason: 'slot removed' });
      if (slot.handle) return Promise.resolve({ ok: false, handle, reason: 'already attached' });
      slot.handle = handle;
      slot.unattended = undefined;
      return Promise.resolve({ ok: true });
    });
  }

  /** Undefined without a slot or a loop. A finished loop serves nobody, however it ended. */
  isServiceLoopFinished(peerId: Uuid): boolean | undefined {
    return this.#slots.get(peerId)?.handle?.finished;
  }

  /** Stops the loop and waits for it; the citizen stays. True when there was one. */
  async detach(peerId: Uuid, reason: AppError): Promise<boolean> {
    const slot = this.#slots.get(peerId);
    if (!slot) return false;
    return slot.lock.run(async () => {
      const { handle } = slot;
      slot.handle = undefined;
      slot.unattended = reason;
      if (handle) await this.#drain(peerId, handle);
      return handle !== undefined;
    });
  }

  /**
   * Stops the loop, waits for it, takes the slot out of the map, ends the citizen. Undefined when she is not
   * registered, and also for the loser of two concurrent calls.
   */
  async shutdownSlot(peerId: Uuid): Promise<CitizenRuntime | undefined> {
    const slot = this.#slots.get(peerId);
    return slot?.lock.run(async () => {
      if (this.#slots.get(peerId) !== slot) return undefined;
      const { handle } = slot;
      slot.handle = undefined;
      if (handle) await this.#drain(peerId, handle);
      this.#slots.delete(peerId);
      await slot.runtime.stop();
      return slot.runtime;
    });
  }

  async #drain(peerId: Uuid, handle: ServiceHandle): Promise<void> {
    if (await drain(handle, this.#clock)) return;
    this.#log.log('error', 'registry.drain-timeout', { peer: peerId });
  }
}
