/** Owns a persona host at home with the companion stand-in, on virtual time, for tests of the host alone. */
import type { TurnInput, TurnOutcome } from '../../web/brain/turn.ts';
import { hardwareTier } from '../../web/node/boot/hardware-tier.ts';
import type { NodeHostDeps } from '../../web/node/host/host-deps.ts';
import { NodeHost } from '../../web/node/host/node-host.ts';
import { silentLogger } from '../log.ts';
import { CompanionStandIn } from './companion-stand-in.ts';
import { deterministicSigner, deterministicVerifier } from './deterministic-crypto.ts';
import {
  idleAdapters,
  RecordingSink,
  spoke,
  standInCognition,
  standInIdentities,
  standInIdentity,
  nobodyAsleep,
} from './host-stand-ins.ts';
import { MemoryLocks } from './memory-locks.ts';
import { createMemoryDisk, createMemoryStores, type MemoryDisk } from './memory-node-stores.ts';
import { SeededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';

export const MAYA = standInIdentity('Maya', 'persona', 'helper').seed.peer_id;

export class HostWorld {
  readonly clock = new VirtualClock();
  readonly random = new SeededRandom(7);
  readonly companion = new CompanionStandIn(this.clock, this.random);
  readonly disk: MemoryDisk = createMemoryDisk();
  readonly sink = new RecordingSink();
  readonly turns: TurnInput[] = [];
  think: (input: TurnInput, signal: AbortSignal) => Promise<TurnOutcome> = (input) =>
    Promise.resolve(spoke(`You said: ${input.trigger.text}`));

  start(more: Partial<NodeHostDeps> = {}): { host: NodeHost; stop: () => Promise<void> } {
    const host = new NodeHost({
      dialer: this.companion.dialer,
      clock: this.clock,
      random: this.random,
      verifier: deterministicVerifier,
      log: silentLogger,
      stores: createMemoryStores(this.disk),
      locks: new MemoryLocks(),
      identities: standInIdentities(),
      tier: hardwareTier({ webgpu: 'none', crossOriginIsolated: true, cores: 4 }),
      sink: this.sink,
      createAdapters: () => idleAdapters,
      createCognition: () =>
        standInCognition((input, signal) => {
          this.turns.push(input);
          return this.think(input, signal);
        }),
      isAddressed: (row, name) => row.text.includes(name),
      sleepers: nobodyAsleep,
      ...more,
    });
    const end = new AbortController();
    const running = host.run({ sessionId: 's', ...deterministicSigner('s') }, end.signal);
    const stop = async (): Promise<void> => {
      end.abort();
      let ended = false;
      void running.then(() => (ended = true));
      await this.clock.until(() => ended);
    };
    return { host, stop };
  }

  /** Chat of the daemon's transcript: who said what. */
  said(peerId: string): string[] {
    return this.companion.events
      .filter((event) => event.peerId === peerId && event.kind === 'message')
      .map((event) => (event.body.kind === 'text' ? event.body.text : '?'));
  }
}
