/** Owns one citizen alive in a room: her lease, her outbox, her presence; started and stopped together. */
import type { Clock } from '../../../shared/clock.ts';
import type { Logger } from '../../../shared/log.ts';
import type { RandomSource } from '../../../shared/random.ts';
import type { SignatureVerifier } from '../../../shared/signatures.ts';
import type { BridgeClient } from '../bridge/bridge-client.ts';
import type { Locks } from '../ownership/locks.ts';
import type { RoomFeed } from '../room/room-feed.ts';
import type { NodeStores } from '../storage/stores.ts';
import { createCitizen, type AircCitizen } from './airc-citizen.ts';
import type { CitizenIdentity } from './citizen-identity.ts';
import { Lease } from './lease.ts';
import { Outbox } from './outbox.ts';
import { keepPresence } from './presence.ts';

export interface CitizenRuntime {
  readonly identity: CitizenIdentity;
  readonly citizen: AircCitizen;
  readonly lease: Lease;
  readonly outbox: Outbox;
  /** Says that she leaves, gives the lease back, and ends everything that runs for her. */
  stop(): Promise<void>;
}

export interface CitizenRuntimeDeps {
  readonly client: BridgeClient;
  readonly feed: RoomFeed;
  readonly stores: NodeStores;
  readonly locks: Locks;
  readonly verifier: SignatureVerifier;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

export function startCitizen(identity: CitizenIdentity, deps: CitizenRuntimeDeps): CitizenRuntime {
  const { feed, stores, verifier, clock } = deps;
  const { seed } = identity;
  const log = deps.log.child({ peer: seed.peer_id, name: seed.agent_name });
  const lease = new Lease(identity, deps);
  const outbox = new Outbox({
    peerId: seed.peer_id,
    clientId: seed.client_id,
    store: stores.outbox,
    lease,
    feed,
    log: stores.room,
    clock,
    logger: log,
  });
  const work = new AbortController();
  const claim = new AbortController();
  const working = [
    outbox.run(work.signal),
    keepPresence({ ...deps, log, identity, lease, room: feed.room, settings: stores.settings }, work.signal),
  ];
  const claiming = lease.run(claim.signal);
  const failed = (error: unknown): void => {
    log.log('error', 'citizen.failed', { message: error instanceof Error ? error.message : String(error) });
  };
  for (const loop of [...working, claiming]) loop.catch(failed);
  return {
    identity,
    citizen: createCitizen({ identity, feed, outbox, store: stores.room, verifier, clock }),
    lease,
    outbox,
    stop: async () => {
      work.abort(new DOMException('The citizen leaves.', 'AbortError'));
      await Promise.allSettled(working);
      // After the last word: without the lease nothing could be said.
      claim.abort(new DOMException('The citizen leaves.', 'AbortError'));
      await Promise.allSettled([claiming]);
    },
  };
}
