/** Owns the simulated companion: the real greeting, leases and relay, in a process that is killed and started again. */
import { authenticate } from '../../companion/http/authenticate.ts';
import { ClaimPins } from '../../companion/bridge/claim-pins.ts';
import { LeaseBook } from '../../companion/bridge/leases.ts';
import { Relay } from '../../companion/bridge/relay.ts';
import { toBase64Url } from '../../shared/base64url.ts';
import type { RoomInfo } from '../../shared/bridge/messages.ts';
import { AppError, toWireError } from '../../shared/errors.ts';
import { silentLogger } from '../../shared/log.ts';
import { deterministicSigner, deterministicVerifier } from '../../shared/testing/deterministic-crypto.ts';
import type { SeededRandom } from '../../shared/testing/seeded-random.ts';
import type { VirtualClock } from '../../shared/testing/virtual-clock.ts';
import type { SimDaemon } from './sim-daemon.ts';
import { SIM_ORIGIN, type SimNetwork } from './sim-network.ts';
import { SimProcess } from './sim-process.ts';

export const SIM_ROOM: RoomInfo = { name: 'general', channel: '5f0c7a54-0d5a-4c2e-9d66-5c2f2f3f7a11' };

const noLane = (): never => {
  throw new AppError('NoLane', 'The simulated companion has no lane.');
};

export class SimCompanion {
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #network: SimNetwork;
  readonly #daemon: SimDaemon;
  readonly #sessions: ReadonlyMap<string, string>;
  /** On its disk. */
  #startCount = 0;
  #pins: ReadonlyMap<string, string> = new Map();
  #process: SimProcess | undefined;

  constructor(
    clock: VirtualClock,
    random: SeededRandom,
    network: SimNetwork,
    daemon: SimDaemon,
    secrets: readonly string[],
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#network = network;
    this.#daemon = daemon;
    this.#sessions = new Map(
      secrets.map((secret) => [secret, toBase64Url(deterministicSigner(secret).publicKey)]),
    );
  }

  get isUp(): boolean {
    return this.#process !== undefined;
  }

  start(): void {
    if (this.#process) return;
    const process = new SimProcess(this.#clock);
    this.#process = process;
    this.#startCount += 1;
    const relay = new Relay({
      daemon: { kind: 'airc', socketPath: '/run/airc.sock', connection: this.#daemon.connect(process) },
      rooms: [SIM_ROOM],
      leases: new LeaseBook(this.#startCount),
      pins: new ClaimPins(this.#pins, async (pins) => {
        await process.clock.sleep(1);
        this.#pins = pins;
      }),
      lane: {
        availability: () => ({ available: false, reason: 'simulated' }),
        open: noLane,
        generate: noLane,
        countPromptTokens: noLane,
        embed: noLane,
        hold: () => () => undefined,
        dispose: () => Promise.resolve(),
      },
      endpoint: {
        offer: () => undefined,
        connect: noLane,
        forget: noLane,
        open: noLane,
        generate: noLane,
        countPromptTokens: noLane,
        embed: noLane,
        hold: () => () => undefined,
      },
      shelf: { offers: () => [], openUpload: noLane },
      adapters: { offers: () => [] },
      machine: { memoryBytes: 2 ** 34, cores: 2 },
      adopted: { list: () => Promise.resolve([]), adopt: noLane },
      hosts: { list: () => [], approve: noLane },
      gated: {
        token: { offer: () => undefined, set: noLane, forget: noLane },
        tickets: { issue: noLane },
      },
      verifier: deterministicVerifier,
      clock: process.clock,
      log: silentLogger,
      companionVersion: '0.1.0',
      home: '/home/person/.persona-node',
      signal: new AbortController().signal,
    });
    const greeter = {
      origin: SIM_ORIGIN,
      sessions: { find: (id: string) => this.#findSession(id) },
      verifier: deterministicVerifier,
      clock: process.clock,
      random: this.#random,
    };
    this.#network.accept = (link) => {
      authenticate(link, greeter)
        .then((info) => {
          relay.accept(link, info);
        })
        .catch((error: unknown) => {
          link.send(JSON.stringify({ type: 'refused', error: toWireError(error) }));
          link.close(4001, 'refused');
        });
    };
  }

  kill(): void {
    this.#process?.kill();
    this.#process = undefined;
    this.#network.companionKilled();
  }

  #findSession(id: string): ReturnType<Parameters<typeof authenticate>[1]['sessions']['find']> {
    const publicKey = this.#sessions.get(id);
    return publicKey === undefined
      ? undefined
      : { id, publicKey, label: id, createdAtMs: 0, lastSeenAtMs: 0 };
  }
}
