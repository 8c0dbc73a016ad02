/** Owns telling the room that a citizen is here: live beats, and durable ones only at birth and on leaving. */
import { uuidV4, type RandomSource } from '../../../shared/random.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { Logger } from '../../../shared/log.ts';
import type { RoomInfo } from '../../../shared/bridge/messages.ts';
import { signHeaders } from '../../../shared/persona/signed-headers.ts';
import type { SignatureVerifier } from '../../../shared/signatures.ts';
import type { SettingsStore } from '../storage/stores.ts';
import type { CitizenIdentity } from './citizen-identity.ts';
import type { Lease } from './lease.ts';

export interface PresenceDeps {
  readonly identity: CitizenIdentity;
  readonly lease: Lease;
  readonly room: RoomInfo;
  readonly settings: SettingsStore;
  readonly verifier: SignatureVerifier;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

const BEAT_EVERY_MS = 30_000;
const RETRY_MS = 2_000;

/** Beats until the signal aborts, then says goodbye if the connection still stands. A missed beat is no trouble. */
export async function keepPresence(deps: PresenceDeps, signal: AbortSignal): Promise<void> {
  const { lease, clock, settings, identity, room, log } = deps;
  const bornKey = `born:${identity.seed.peer_id}:${room.channel}`;
  while (!signal.aborted) {
    try {
      await lease.whenHeld(signal);
      const born = (await settings.get(bornKey)) === true;
      await beat(deps, 'alive', born ? 'ephemeral_latest' : 'durable');
      if (!born) await settings.put(bornKey, true);
      await clock.sleep(BEAT_EVERY_MS, signal);
    } catch (error) {
      if (signal.aborted) break;
      log.log('debug', 'presence.missed', {
        message: error instanceof Error ? error.message : String(error),
      });
      await clock.sleep(RETRY_MS, signal).catch((_aborted: unknown) => undefined);
    }
  }
  await beat(deps, 'leaving', 'durable').catch((_offline: unknown) => undefined);
}

async function beat(
  deps: PresenceDeps,
  kind: 'alive' | 'leaving',
  delivery: 'durable' | 'ephemeral_latest',
): Promise<void> {
  const { lease, identity, room, clock, random, verifier } = deps;
  if (lease.state.kind !== 'held') return;
  const { session, fence } = lease.state;
  const { seed, signer } = identity;
  const runtime = seed.kind === 'human' ? 'interactive' : 'persona-node';
  const signed = await signHeaders(
    {
      peerId: seed.peer_id,
      channel: room.channel,
      mid: uuidV4(random),
      atMs: clock.nowMs(),
      kind: seed.kind,
      name: seed.agent_name,
      role: seed.role,
      // A beat has no text: its headers alone are signed.
      text: '',
    },
    signer,
    verifier,
  );
  const body = { emitted_at_ms: clock.nowMs(), kind, peer: seed.peer_id, runtime };
  await session.request('publish', {
    channel: room.channel,
    fromPeer: seed.peer_id,
    fromClient: seed.client_id,
    fence,
    kind: 'event',
    delivery,
    coalesceKey: `presence:${seed.peer_id}`,
    headers: [...signed, ['airc.heartbeat.kind', kind], ['airc.heartbeat.runtime', runtime]],
    body: { kind: 'json', json: JSON.stringify(body) },
  });
}
