/** Owns one run of the whole node under one seed: everybody talks, everything breaks, everything heals, then it is judged. */
import { SeededRandom } from '../../shared/testing/seeded-random.ts';
import { VirtualClock } from '../../shared/testing/virtual-clock.ts';
import { checkCursors, checkEnd } from './oracle.ts';
import { SIM_ROOM, SimCompanion } from './sim-companion.ts';
import { SimDaemon } from './sim-daemon.ts';
import { SimNetwork } from './sim-network.ts';
import { SimOutsider } from './sim-outsider.ts';
import { SimTab, type StoreMutation } from './sim-tab.ts';

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly string[];
  /** What the run was made of, to see that it exercised anything. */
  readonly stats: { readonly events: number; readonly answers: number; readonly faults: number };
}

const STORMY_MS = 60_000;
const HEALING_MS = 45_000;
const STEP_MS = 250;

export async function simulate(seed: number, mutate: StoreMutation = (stores) => stores): Promise<RunResult> {
  const clock = new VirtualClock();
  const random = new SeededRandom(seed);
  const network = new SimNetwork(clock, random.fork());
  const daemon = new SimDaemon(clock, random.fork(), seed % 3 === 0);
  const companion = new SimCompanion(clock, random.fork(), network, daemon, ['robin', 'sam', 'alex']);
  const outsider = new SimOutsider(daemon, clock, SIM_ROOM.channel);
  const tabs = [
    new SimTab('Maya', 'Robin', { clock, random: random.fork(), network, mutate, sessionSecret: 'robin' }),
    new SimTab('Kira', 'Sam', { clock, random: random.fork(), network, mutate, sessionSecret: 'sam' }),
    // Another browser profile with a backup of Maya: at any time one of the two is her home.
    new SimTab('Maya', 'Alex', { clock, random: random.fork(), network, mutate, sessionSecret: 'alex' }),
  ];
  const violations = new Set<string>();
  const faults = new FaultMaker(random.fork(), network, daemon, companion, tabs);
  const chat = random.fork();
  companion.start();
  for (const tab of tabs) tab.open();

  for (let atMs = 0; atMs < STORMY_MS; atMs += STEP_MS) {
    await clock.advance(STEP_MS);
    if (chat.chance(0.08)) chat.pick(tabs).say(`line at ${atMs}`);
    if (chat.chance(0.04)) outsider.say(`Maya and Kira, what about ${atMs}?`);
    if (chat.chance(0.02)) for (let i = 0; i < 5; i += 1) outsider.say(`burst ${i} at ${atMs}`);
    faults.step();
    for (const tab of tabs) {
      for (const violation of checkCursors(tab, daemon, SIM_ROOM.channel)) violations.add(violation);
    }
  }
  faults.heal();
  await clock.advance(HEALING_MS);
  for (const violation of checkEnd(tabs, daemon, SIM_ROOM.channel)) violations.add(violation);
  const { events } = daemon;
  return {
    seed,
    violations: [...violations],
    stats: {
      events: events.length,
      answers: events.filter(
        (event) => event.kind === 'message' && tabs.some((tab) => tab.personaId === event.peerId),
      ).length,
      faults: faults.count,
    },
  };
}

/** Breaks something now and then; what it broke it repairs after a while. */
class FaultMaker {
  count = 0;
  readonly #random: SeededRandom;
  readonly #network: SimNetwork;
  readonly #daemon: SimDaemon;
  readonly #companion: SimCompanion;
  readonly #tabs: readonly SimTab[];

  constructor(
    random: SeededRandom,
    network: SimNetwork,
    daemon: SimDaemon,
    companion: SimCompanion,
    tabs: readonly SimTab[],
  ) {
    this.#random = random;
    this.#network = network;
    this.#daemon = daemon;
    this.#companion = companion;
    this.#tabs = tabs;
  }

  step(): void {
    const random = this.#random;
    // Repairs first, so that nothing is broken for the whole run.
    if (!this.#companion.isUp && random.chance(0.3)) this.#companion.start();
    if (!this.#daemon.isUp && random.chance(0.3)) this.#daemon.start();
    for (const tab of this.#tabs) if (!tab.isOpen && random.chance(0.2)) tab.open();
    if (random.chance(0.2)) this.#network.slow = false;
    if (!random.chance(0.15)) return;
    this.count += 1;
    random.pick([
      () => {
        this.#network.cutOne();
      },
      () => {
        this.#network.silenceOne();
      },
      () => {
        this.#network.slow = true;
      },
      () => {
        random.pick(this.#tabs).kill();
      },
      () => {
        random.pick(this.#tabs).kill();
      },
      () => {
        random.pick(this.#tabs).close();
      },
      () => {
        this.#companion.kill();
      },
      () => {
        this.#daemon.kill();
      },
    ])();
  }

  heal(): void {
    this.#network.slow = false;
    this.#daemon.start();
    this.#companion.start();
    for (const tab of this.#tabs) tab.open();
  }
}
