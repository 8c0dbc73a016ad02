/** Owns the list of everything through which the host touches the world. */
import type { PersonaCognition } from '../../brain/turn.ts';
import type { LinkDialer } from '../../../shared/bridge/link.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { Logger } from '../../../shared/log.ts';
import type { RandomSource } from '../../../shared/random.ts';
import type { SignatureVerifier } from '../../../shared/signatures.ts';
import type { AdapterFactory } from '../boot/adapter-factory.ts';
import type { HardwareTier } from '../boot/hardware-tier.ts';
import type { IdentityProvider } from '../boot/identity-provider.ts';
import type { BridgeClient } from '../bridge/bridge-client.ts';
import type { CitizenIdentity } from '../citizen/citizen-identity.ts';
import type { Locks } from '../ownership/locks.ts';
import type { ChatRow } from '../serve/conversation.ts';
import type { PersonaContext } from '../serve/persona-context.ts';
import type { NodeStores } from '../storage/stores.ts';
import type { HostSink } from './host-sink.ts';
import type { SleepState } from './sleepers.ts';

/** Real in the product; stand-ins under one seed where the whole host also runs in the simulation. */
export interface NodeHostDeps {
  readonly dialer: LinkDialer;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly verifier: SignatureVerifier;
  readonly log: Logger;
  readonly stores: NodeStores;
  readonly locks: Locks;
  readonly identities: IdentityProvider & { human(): Promise<CitizenIdentity> };
  readonly tier: HardwareTier;
  readonly sink: HostSink;
  readonly sleepers: SleepState;
  createAdapters(client: BridgeClient): AdapterFactory;
  createCognition(ctx: Omit<PersonaContext, 'cognition'>): PersonaCognition;
  isAddressed(row: ChatRow, name: string): boolean;
}
