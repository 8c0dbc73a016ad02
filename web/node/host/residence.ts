/** Owns one room that this node lives in: its feed, the human, and the personas. Opened and closed as a whole. */
import { AppError, toAppError, type ErrorCode } from '../../../shared/errors.ts';
import type { RoomInfo } from '../../../shared/bridge/messages.ts';
import type { AdapterFactory } from '../boot/adapter-factory.ts';
import { PersonaSpawnSupervisor } from '../boot/persona-spawn-supervisor.ts';
import { planRoles } from '../boot/plan-roles.ts';
import type { BridgeClient } from '../bridge/bridge-client.ts';
import type { CitizenIdentity } from '../citizen/citizen-identity.ts';
import { startCitizen, type CitizenRuntime } from '../citizen/citizen-runtime.ts';
import { PersonaRegistry } from '../registry/persona-registry.ts';
import { RoomFeed } from '../room/room-feed.ts';
import { createConversation } from '../serve/conversation.ts';
import { tidy } from '../storage/retention.ts';
import type { NodeHostDeps } from './host-deps.ts';

/** Until the person does something. */
const STOPPED: ReadonlySet<ErrorCode> = new Set(['DeviceFreed', 'DeviceLost']);
/** What a person mends at their server, of which nobody tells the page. */
const MAY_BE_BACK: ReadonlySet<ErrorCode> = new Set([
  'EndpointUnreachable',
  'EndpointBusy',
  'EndpointRefused',
  'EndpointMalformed',
]);
/** However much is said meanwhile. */
const ASK_AGAIN_AFTER_MS = 2_000;

export class Residence {
  readonly feed: RoomFeed;
  readonly registry: PersonaRegistry;
  readonly human: CitizenRuntime;
  readonly #deps: NodeHostDeps;
  readonly #client: BridgeClient;
  readonly #adapters: AdapterFactory;
  readonly #supervisor: PersonaSpawnSupervisor;
  readonly #end = new AbortController();
  readonly #reading: Promise<void>;
  #askedAgainMs = -Infinity;
  /** Boot, reconcile and change of model follow each other. */
  #hosting: Promise<void> = Promise.resolve();

  /** Opens the room. `human` was read from the store before. */
  constructor(room: RoomInfo, human: CitizenIdentity, client: BridgeClient, deps: NodeHostDeps) {
    const { stores, verifier, clock, log, sink } = deps;
    this.#deps = deps;
    this.#client = client;
    this.feed = new RoomFeed(room, { client, store: stores.room, verifier, clock, log });
    this.registry = new PersonaRegistry(clock, log);
    this.#adapters = deps.createAdapters(client);
    this.#supervisor = this.#createSupervisor();
    this.feed.news.subscribe((news) => {
      if (news.kind === 'store-replaced') sink.trouble(news.error);
      if (news.kind === 'rows') this.#askAgain();
      if (news.kind === 'caught-up')
        void this.#queue(() => this.#supervisor.hostUnattended(({ code }) => !STOPPED.has(code)));
    });
    this.#reading = this.feed.run(this.#end.signal);
    this.human = this.#start(human);
    sink.roomOpened(this.feed, this.human);
  }

  /** Brings the planned personas online; resolves when the summary is told. */
  boot(): Promise<void> {
    return this.#queue(async () => {
      const { sink, identities, stores, clock } = this.#deps;
      sink.booted(await this.#supervisor.spawnAll(identities));
      await tidy(stores, this.feed.room.channel, this.registry.ids(), clock.nowMs());
    });
  }

  /** Everybody moves to what the adapter factory builds after `swap`. */
  rehost(swap: () => Promise<void>): Promise<void> {
    return this.#queue(() => this.#supervisor.rehostAll(swap));
  }

  /** Nobody thinks any more, until `wake` or `rehost`; turns under way are taken up then. */
  rest(reason: AppError): Promise<void> {
    return this.#queue(async () => {
      await this.#supervisor.haltAll(reason);
      await this.#adapters.rest();
    });
  }

  wake(): Promise<void> {
    return this.#queue(() => this.#supervisor.hostUnattended());
  }

  /** In order: loops drained, citizens gone, reading ended. Safe to call twice. */
  async close(): Promise<void> {
    await Promise.all(this.registry.ids().map((peerId) => this.registry.shutdownSlot(peerId)));
    await this.human.stop();
    this.#end.abort(new AppError('Aborted', 'The room was left.'));
    await this.#reading;
  }

  /** A server that was away when the page was loaded may be back when somebody speaks. */
  #askAgain(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs < this.#askedAgainMs + ASK_AGAIN_AFTER_MS) return;
    this.#askedAgainMs = nowMs;
    void this.#queue(() => this.#supervisor.hostUnattended(({ code }) => MAY_BE_BACK.has(code)));
  }

  #afterDeviceLoss(): 'again' | 'move' {
    const remedy = this.#adapters.onDeviceLost();
    if (remedy.kind === 'again') return 'again';
    this.#deps.sink.trouble(remedy.told);
    void (remedy.kind === 'move' ? this.rehost(() => this.#adapters.close()) : this.rest(remedy.told));
    return 'move';
  }

  #queue(work: () => Promise<void>): Promise<void> {
    this.#hosting = this.#hosting.then(work).catch((error: unknown) => {
      this.#deps.sink.trouble(toAppError(error));
    });
    return this.#hosting;
  }

  #start(identity: CitizenIdentity): CitizenRuntime {
    // A boot that was under way when the room was left must not bring anybody back.
    this.#end.signal.throwIfAborted();
    const runtime = startCitizen(identity, { ...this.#deps, client: this.#client, feed: this.feed });
    runtime.lease.states.subscribe((state) => {
      this.#deps.sink.lease(runtime, state);
    });
    return runtime;
  }

  #createSupervisor(): PersonaSpawnSupervisor {
    const { sink, stores, clock } = this.#deps;
    return new PersonaSpawnSupervisor({
      ...this.#deps,
      adapters: this.#adapters,
      registry: this.registry,
      plan: planRoles(),
      ledger: stores.ledger,
      startCitizen: (identity) => {
        const runtime = this.#start(identity);
        sink.personaStarted(runtime);
        return runtime;
      },
      createConversation: ({ citizen }) =>
        createConversation({
          citizen,
          feed: this.feed,
          store: stores.room,
          clock,
          isSaidHere: async (mid) => (await stores.outbox.get(mid)) !== undefined,
          isConsidered: async (id) => (await stores.ledger.covered(citizen.peerId, [id])).size > 0,
        }),
      createCognition: (ctx) => this.#deps.createCognition(ctx),
      isAddressed: (row, name) => this.#deps.isAddressed(row, name),
      onDeviceLost: () => this.#afterDeviceLoss(),
      onStage: (peerId, stage) => {
        sink.stage(peerId, stage);
      },
      onServeNews: (peerId, news) => {
        sink.serving(peerId, news);
      },
      onUnattended: (peerId, stage, error) => {
        sink.unattended(peerId, stage, error);
      },
    });
  }
}
