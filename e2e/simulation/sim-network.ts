/** Owns the network between simulated tabs and the companion: slow, cut, or a black hole, as the seed says. */
import { AppError } from '../../shared/errors.ts';
import type { Link, LinkDialer } from '../../shared/bridge/link.ts';
import type { Clock } from '../../shared/clock.ts';
import { createLinkPair, type LinkPair } from '../../shared/testing/link-pair.ts';
import type { SeededRandom } from '../../shared/testing/seeded-random.ts';
import type { SimProcess } from './sim-process.ts';

export const SIM_ORIGIN = 'http://127.0.0.1:4747';

export class SimNetwork {
  /** Most messages take about a millisecond; a slow spell is switched on and off by the faults. */
  slow = false;
  /** Takes new connections; undefined while no companion runs. */
  accept: ((link: Link) => void) | undefined;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #connections = new Map<LinkPair, SimProcess>();

  constructor(clock: Clock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
  }

  dialerOf(tab: SimProcess): LinkDialer {
    return {
      origin: SIM_ORIGIN,
      dial: async (signal) => {
        await tab.clock.sleep(this.#delayMs(), signal);
        if (!this.accept) throw new AppError('BridgeDown', 'Nobody listens.');
        const pair = createLinkPair(this.#clock, () => this.#delayMs());
        this.#connections.set(pair, tab);
        this.accept(pair.far);
        return pair.near;
      },
    };
  }

  /** One connection is cut; what is on its way in it is lost. */
  cutOne(): void {
    const pairs = [...this.#connections.keys()];
    if (pairs.length > 0) this.#remove(this.#random.pick(pairs))?.cut();
  }

  silenceOne(): void {
    const pairs = [...this.#connections.keys()];
    if (pairs.length > 0) this.#remove(this.#random.pick(pairs))?.silence();
  }

  tabKilled(tab: SimProcess): void {
    for (const [pair, owner] of this.#connections) if (owner === tab) this.#remove(pair)?.kill('near');
  }

  companionKilled(): void {
    this.accept = undefined;
    for (const pair of this.#connections.keys()) this.#remove(pair)?.kill('far');
  }

  #remove(pair: LinkPair): LinkPair | undefined {
    return this.#connections.delete(pair) ? pair : undefined;
  }

  #delayMs(): number {
    if (this.slow) return this.#random.between(20, 1_500);
    return this.#random.chance(0.02) ? this.#random.between(10, 200) : this.#random.next() * 3;
  }
}
