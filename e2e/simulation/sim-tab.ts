/** Owns a simulated browser profile: what survives on its disk, and the tab that runs on it, killed and opened again. */
import type { RoomLogRow } from '../../web/node/storage/database.ts';
import { createPersonaCognition } from '../../web/brain/cognition.ts';
import { isAddressedTo } from '../../web/brain/hear/addressing.ts';
import { hardwareTier } from '../../web/node/boot/hardware-tier.ts';
import { NodeHost } from '../../web/node/host/node-host.ts';
import type { NodeStores } from '../../web/node/storage/stores.ts';
import { AppError } from '../../shared/errors.ts';
import { silentLogger } from '../../shared/log.ts';
import { uuidV4 } from '../../shared/random.ts';
import { deterministicSigner, deterministicVerifier } from '../../shared/testing/deterministic-crypto.ts';
import {
  idleAdapters,
  nobodyAsleep,
  RecordingSink,
  standInIdentities,
  standInIdentity,
} from '../../shared/testing/host-stand-ins.ts';
import { MemoryLocks } from '../../shared/testing/memory-locks.ts';
import {
  createMemoryDisk,
  createMemoryStores,
  type MemoryDisk,
} from '../../shared/testing/memory-node-stores.ts';
import { createScriptedLane } from '../../shared/testing/scripted-lane.ts';
import type { SeededRandom } from '../../shared/testing/seeded-random.ts';
import type { VirtualClock } from '../../shared/testing/virtual-clock.ts';
import type { SimNetwork } from './sim-network.ts';
import { SimProcess } from './sim-process.ts';

/** Puts a fault into the stores of every process of a tab; the identity for none. */
export type StoreMutation = (stores: NodeStores, process: SimProcess, disk: MemoryDisk) => NodeStores;

export interface SimTabDeps {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly network: SimNetwork;
  readonly mutate: StoreMutation;
  readonly sessionSecret: string;
}

export class SimTab {
  readonly personaName: string;
  readonly humanName: string;
  readonly personaId: string;
  readonly humanId: string;
  readonly disk: MemoryDisk = createMemoryDisk();
  /** Arrival of the newest row at her birth: what came later is hers to consider. */
  bornAfter: number | undefined;
  /** Message ids that the human saw accepted: each must be in the room once, in the end. */
  readonly accepted = new Set<string>();
  /** Of every failure told during the run. */
  readonly sinks: RecordingSink[] = [];
  readonly #deps: SimTabDeps;
  #process: SimProcess | undefined;
  #host: NodeHost | undefined;
  #close: AbortController | undefined;

  constructor(personaName: string, humanName: string, deps: SimTabDeps) {
    this.personaName = personaName;
    this.personaId = standInIdentity(personaName, 'persona', 'helper').seed.peer_id;
    this.humanId = standInIdentity(humanName, 'human', 'custom').seed.peer_id;
    this.humanName = humanName;
    this.#deps = deps;
    const { positions } = this.disk;
    const set = positions.set.bind(positions);
    positions.set = (key, arrival) => {
      if (key.startsWith(this.personaId)) this.bornAfter ??= arrival;
      return set(key, arrival);
    };
  }

  get isOpen(): boolean {
    return this.#process?.alive === true;
  }

  open(): void {
    if (this.#close?.signal.aborted) this.kill();
    if (this.isOpen) return;
    const { clock, random, network, mutate, sessionSecret } = this.#deps;
    const process = new SimProcess(clock);
    const step = (): Promise<void> => process.clock.sleep(random.next() * 2);
    const sink = new RecordingSink();
    this.sinks.push(sink);
    const lane = createScriptedLane({
      clock: process.clock,
      answer: () => this.#answer(),
      promptDelayMs: random.between(5, 800),
      tokenDelayMs: random.between(1, 80),
    });
    const host = new NodeHost({
      dialer: network.dialerOf(process),
      clock: process.clock,
      random: random.fork(),
      verifier: deterministicVerifier,
      log: silentLogger,
      stores: mutate(createMemoryStores(this.disk, step), process, this.disk),
      locks: new MemoryLocks(),
      identities: standInIdentities(this.personaName, this.humanName),
      tier: hardwareTier({ webgpu: 'none', crossOriginIsolated: true, cores: 2 }),
      sink,
      createAdapters: () => ({
        ...idleAdapters,
        build: () => Promise.resolve(lane),
      }),
      createCognition: (ctx) =>
        createPersonaCognition({
          self: { peerId: ctx.citizen.peerId, name: this.personaName, role: ctx.role },
          profile: ctx.profile,
          lane: ctx.adapter,
          clock: process.clock,
          log: silentLogger,
          timeZone: 'UTC',
        }),
      isAddressed: (row, name) => isAddressedTo(row.text, name),
      sleepers: nobodyAsleep,
    });
    const close = new AbortController();
    void host
      .run({ sessionId: sessionSecret, ...deterministicSigner(sessionSecret) }, close.signal)
      .then(() => {
        if (this.#process === process) this.kill();
      });
    this.#process = process;
    this.#host = host;
    this.#close = close;
  }

  /** The tab crashes: whatever it was doing stops between two steps. */
  kill(): void {
    if (!this.#process) return;
    this.#process.kill();
    this.#deps.network.tabKilled(this.#process);
    this.#process = undefined;
    this.#host = undefined;
    this.#close = undefined;
  }

  /** The tab is closed in good order; gone when it is done, or killed when that takes too long. */
  close(): void {
    const process = this.#process;
    this.#close?.abort(new AppError('Aborted', 'closed'));
    this.#deps.clock.after(8_000, () => {
      if (this.#process === process) this.kill();
    });
  }

  /** The human says something; nothing happens when the page is not ready. */
  say(text: string): void {
    const human = this.#host?.residence?.human;
    if (!human) return;
    const mid = uuidV4(this.#deps.random);
    human.citizen
      .post(mid, text)
      .then(() => this.accepted.add(mid))
      .catch((_refused: unknown) => undefined);
  }

  log(channel: string): readonly RoomLogRow[] {
    return this.disk.log.get(channel) ?? [];
  }

  /** A model that mostly has something to say, takes its time, and fails or talks nonsense now and then. */
  #answer(): string {
    const { random } = this.#deps;
    if (random.chance(0.05)) throw new AppError('LaneDied', 'The engine stopped.');
    if (random.chance(0.03)) return '{"speak":true,"te';
    if (random.chance(0.25)) return '{"speak":false,"reason":"nothing to add"}';
    return JSON.stringify({ speak: true, text: `${this.personaName} has ${random.between(1, 99)} thoughts` });
  }
}
