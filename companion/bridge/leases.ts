/**
 * Owns who speaks as which peer right now. In memory only: a lease ends with its socket or with the companion. Fences
 * grow over restarts, so that whoever held a lease once can never publish beside whoever holds it now.
 */
import type { Uuid } from '../../shared/airc/model.ts';
import { AppError } from '../../shared/errors.ts';

/** Fences of one run of the companion: start 1 gives from 1,048,576, start 2 from 2,097,152, and so on. */
const FENCES_PER_START = 2 ** 20;

/** One socket, as the book sees it. */
export interface LeaseHolder {
  /** The paired browser profile behind the socket. */
  readonly sessionId: string;
  /** False once the socket has been silent for LEASE_SILENCE_MS. */
  isHeard(): boolean;
  /** The lease went to another socket. Called synchronously, before that one is answered. */
  leaseLost(peerId: Uuid, error: AppError): void;
}

interface Lease {
  readonly holder: LeaseHolder;
  readonly fence: number;
}

export class LeaseBook {
  readonly #leases = new Map<Uuid, Lease>();
  /** Publishes that the daemon has not answered yet, also those of leases that are over. */
  readonly #inFlight = new Map<Uuid, Set<Promise<unknown>>>();
  readonly #fenceLimit: number;
  #nextFence: number;

  /** `startCount` is at least 1 and larger at every start of the companion. */
  constructor(startCount: number) {
    this.#nextFence = startCount * FENCES_PER_START;
    this.#fenceLimit = this.#nextFence + FENCES_PER_START;
  }

  /**
   * Grants `peerId` to `holder` and returns the fence. Throws `OwnerElsewhere` while the socket of another browser
   * profile holds it and is heard.
   *
   * A newer socket of the same profile takes over at once: a reloaded page must not wait for the silence of the socket
   * it left behind. That is safe, since within a profile the page holds the Web Lock of the peer id before it claims,
   * so the older socket belongs to a page that is gone; and were it alive, its fence is stale from here on.
   */
  claim(peerId: Uuid, holder: LeaseHolder): number {
    const present = this.#leases.get(peerId);
    if (present !== undefined && present.holder !== holder) {
      if (present.holder.sessionId !== holder.sessionId && present.holder.isHeard()) {
        throw new AppError('OwnerElsewhere', 'This identity is at home in another browser.');
      }
      present.holder.leaseLost(peerId, new AppError('OwnerElsewhere', 'A newer connection took over.'));
    }
    if (this.#nextFence >= this.#fenceLimit) {
      throw new AppError('Internal', 'The companion has given out all fences of this run; start it again.');
    }
    const fence = this.#nextFence;
    this.#nextFence += 1;
    this.#leases.set(peerId, { holder, fence });
    return fence;
  }

  /** Nothing happens when somebody else, or nobody, holds it. */
  release(peerId: Uuid, holder: LeaseHolder): void {
    if (this.#leases.get(peerId)?.holder === holder) this.#leases.delete(peerId);
  }

  /** The socket ended. */
  releaseAll(holder: LeaseHolder): void {
    for (const peerId of this.heldBy(holder)) this.#leases.delete(peerId);
  }

  heldBy(holder: LeaseHolder): Uuid[] {
    return [...this.#leases].filter(([, lease]) => lease.holder === holder).map(([peerId]) => peerId);
  }

  /** Runs `publish` under the present lease. Rejects with `NotClaimed` for a stale fence, and then nothing was sent. */
  async publishAs<T>(
    peerId: Uuid,
    fence: number,
    holder: LeaseHolder,
    publish: () => Promise<T>,
  ): Promise<T> {
    const lease = this.#leases.get(peerId);
    if (lease?.holder !== holder || lease.fence !== fence) {
      throw new AppError('NotClaimed', 'This connection does not hold the identity it wants to speak as.');
    }
    const running = publish();
    const ofPeer = this.#inFlight.get(peerId) ?? new Set();
    this.#inFlight.set(peerId, ofPeer.add(running));
    try {
      return await running;
    } finally {
      ofPeer.delete(running);
      if (ofPeer.size === 0) this.#inFlight.delete(peerId);
    }
  }

  /**
   * Resolves when nothing that was published as `peerId` is still on its way to the daemon, as far as its answers tell. A
   * new holder waits for it before she looks into the room for what was said. A daemon that took longer than the deadline
   * of a call can still bring something after that: whoever says again what may have been said waits for it on her own.
   */
  async settled(peerId: Uuid): Promise<void> {
    const running = this.#inFlight.get(peerId);
    if (running !== undefined) await Promise.allSettled(running);
  }
}
