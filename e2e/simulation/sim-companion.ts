/** Owns the simulated companion and the daemon behind it, killed and started again. */
import type { BridgeEvent } from '../../shared/bridge/messages.ts';
import { CompanionStandIn } from '../../shared/testing/companion-stand-in.ts';
import type { SeededRandom } from '../../shared/testing/seeded-random.ts';
import type { VirtualClock } from '../../shared/testing/virtual-clock.ts';
import type { Transcript } from './oracle.ts';
import type { SimNetwork } from './sim-network.ts';

export class SimCompanion {
  readonly #standIn: CompanionStandIn;
  readonly #network: SimNetwork;
  isUp = false;

  constructor(clock: VirtualClock, random: SeededRandom, network: SimNetwork) {
    this.#standIn = new CompanionStandIn(clock, random);
    this.#standIn.pushes = () => random.chance(0.9);
    this.#network = network;
  }

  get transcript(): Transcript {
    return { events: this.#standIn.events, acknowledged: new Set() };
  }

  post(text: string): BridgeEvent {
    return this.#standIn.post(text);
  }

  start(): void {
    this.isUp = true;
    this.#standIn.forgetSockets();
    this.#network.accept = (link) => {
      this.#standIn.serve(link);
    };
  }

  kill(): void {
    this.isUp = false;
    this.#network.companionKilled();
    this.#standIn.forgetSockets();
  }

  restartDaemon(): void {
    this.#standIn.epoch += 1;
  }
}
