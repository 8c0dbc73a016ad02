/**
 * Owns being the one who speaks as a peer: the claim on the companion, renewed with every socket. While another tab or
 * browser holds it, it is asked for again at a calm pace, so that this one takes over when the other goes.
 */
import type { Clock } from '../../../shared/clock.ts';
import { toBase64Url } from '../../../shared/base64url.ts';
import { AppError, toAppError } from '../../../shared/errors.ts';
import { claimProof } from '../../../shared/bridge/messages.ts';
import { nextOf, untilAborted } from '../abortable.ts';
import type { BridgeClient } from '../bridge/bridge-client.ts';
import type { BridgeSession } from '../bridge/bridge-session.ts';
import { createTopic, type Topic } from '../topic.ts';
import type { Locks } from '../ownership/locks.ts';
import type { CitizenIdentity } from './citizen-identity.ts';

export type LeaseState =
  | { readonly kind: 'none' }
  | { readonly kind: 'held'; readonly session: BridgeSession; readonly fence: number }
  /** `OwnerElsewhere`, `ClaimInvalid`, … as the companion told it. */
  | { readonly kind: 'refused'; readonly error: AppError };

const ASK_AGAIN_MS = 2_000;

export interface LeaseDeps {
  readonly client: BridgeClient;
  readonly locks: Locks;
  readonly clock: Clock;
}

export class Lease {
  readonly states: Topic<LeaseState> = createTopic();
  readonly #identity: CitizenIdentity;
  readonly #client: BridgeClient;
  readonly #locks: Locks;
  readonly #clock: Clock;
  #state: LeaseState = { kind: 'none' };
  #invalidate: () => void = () => undefined;

  constructor(identity: CitizenIdentity, deps: LeaseDeps) {
    this.#identity = identity;
    this.#client = deps.client;
    this.#locks = deps.locks;
    this.#clock = deps.clock;
  }

  get state(): LeaseState {
    return this.#state;
  }

  /** Holds the lease on every session until the signal aborts, then gives it back. */
  async run(signal: AbortSignal): Promise<void> {
    // Within this browser profile first: the companion lets a newer socket of one profile take over at once.
    const name = `persona:${this.#identity.seed.peer_id}`;
    const lock = await this.#locks.acquire(name, signal).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (!lock) return;
    try {
      await this.#claimAgain(AbortSignal.any([signal, lock.lost]));
    } finally {
      lock.release();
    }
  }

  async #claimAgain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let session: BridgeSession | undefined;
      try {
        session = await this.#client.whenReady(signal);
        await this.#holdOn(session, signal);
      } catch (thrown) {
        if (signal.aborted) break;
        const error = toAppError(thrown, 'Internal');
        if (session?.ended.aborted) {
          this.#enter({ kind: 'none' });
        } else {
          this.#enter({ kind: 'refused', error });
          await this.#clock.sleep(ASK_AGAIN_MS, signal).catch((_aborted: unknown) => undefined);
        }
      }
    }
    if (this.#state.kind === 'held') await this.#giveBack(this.#state.session);
    this.#enter({ kind: 'none' });
  }

  /** The session and fence to publish with. Rejects with the signal's reason. */
  async whenHeld(signal: AbortSignal): Promise<Extract<LeaseState, { kind: 'held' }>> {
    signal.throwIfAborted();
    if (this.#state.kind === 'held' && !this.#state.session.ended.aborted) return this.#state;
    return nextOf(this.states, (state) => (state.kind === 'held' ? state : undefined), signal);
  }

  /** The companion said that the fence is stale: claim again. */
  invalidate(fence: number): void {
    if (this.#state.kind === 'held' && this.#state.fence === fence) this.#invalidate();
  }

  async #holdOn(session: BridgeSession, signal: AbortSignal): Promise<void> {
    const { seed, signer } = this.#identity;
    const publicKey = toBase64Url(signer.publicKey);
    const signature = toBase64Url(await signer.sign(claimProof(session.nonce, seed.peer_id, publicKey)));
    const { fence } = await session.request(
      'claim',
      { peerId: seed.peer_id, publicKey, signature },
      { signal },
    );
    const end = new AbortController();
    const unsubscribe = session.lostLeases.subscribe(({ peerId, error }) => {
      if (peerId === seed.peer_id) end.abort(error);
    });
    this.#invalidate = () => {
      end.abort(new AppError('NotClaimed', 'The lease was renewed by the companion.'));
    };
    this.#enter({ kind: 'held', session, fence });
    try {
      await untilAborted(AbortSignal.any([session.ended, end.signal, signal]));
    } finally {
      unsubscribe();
    }
  }

  async #giveBack(session: BridgeSession): Promise<void> {
    if (session.ended.aborted) return;
    // Without an answer the lease ends with the socket anyway.
    await session
      .request('release', { peerId: this.#identity.seed.peer_id })
      .catch((_ended: unknown) => undefined);
  }

  #enter(state: LeaseState): void {
    this.#state = state;
    this.states.publish(state);
  }
}
