/** Owns turning what the host tells into what the page shows. */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { DaemonInfo } from '../../../shared/bridge/messages.ts';
import type { Clock } from '../../../shared/clock.ts';
import { toAppError, type AppError, type ErrorCode } from '../../../shared/errors.ts';
import { BOOT_STAGES, type BootStage, type BootSummary } from '../boot/boot-summary.ts';
import type { BridgeState } from '../bridge/bridge-client.ts';
import type { CitizenRuntime } from '../citizen/citizen-runtime.ts';
import type { LeaseState } from '../citizen/lease.ts';
import type { HostSink } from '../host/host-sink.ts';
import type { FeedNews, RoomFeed } from '../room/room-feed.ts';
import type { ServeNews } from '../serve/serve-persona.ts';
import type { RoomStore } from '../storage/stores.ts';
import type { ConnectionView, LaneView, PersonState } from '../view.ts';
import { People } from './people.ts';
import { Timeline } from './timeline.ts';
import { addTrouble, dropTroubles, troubleOf } from './trouble.ts';
import type { ViewPublisher } from './view-publisher.ts';

export interface PresenterDeps {
  readonly publisher: ViewPublisher;
  readonly store: RoomStore;
  readonly clock: Clock;
  isAsleep(peerId: Uuid): boolean;
  /** What the boot's adapter stage is doing just now. */
  laneProgress(): LaneView['progress'];
  /** Somebody of this browser came into the room. */
  onIdentity(): void;
}

/** Over as soon as the room is read again, or the lease is held. */
const DAEMON_TROUBLES: ReadonlySet<ErrorCode> = new Set(['DaemonGone', 'DaemonUnreachable', 'BridgeTimeout']);
const LEASE_TROUBLES: ReadonlySet<ErrorCode> = new Set(['OwnerElsewhere', 'ClaimInvalid', 'NotClaimed']);

const STAGE_WORDS: Readonly<Record<BootStage, string>> = {
  plan: 'choosing a lane',
  bootstrap: 'finding her identity',
  profile: 'reading her profile',
  adapter: 'loading the model',
  warmup: 'warming up',
  brain: 'waking up',
  prime: 'joining the room',
  spawn: 'starting',
  attach: 'starting',
};

export class Presenter implements HostSink {
  readonly #deps: PresenterDeps;
  readonly #people: People;
  #timeline: Timeline | undefined;
  #leaseRefused = new Set<Uuid>();
  /** What is shown of those whom nobody hosts. */
  readonly #unattended = new Map<Uuid, PersonState>();

  constructor(deps: PresenterDeps) {
    this.#deps = deps;
    this.#people = new People((people) => {
      deps.publisher.change({ people });
    });
  }

  /** Of the open room; undefined before one is open. */
  get timeline(): Timeline | undefined {
    return this.#timeline;
  }

  connection(state: BridgeState): void {
    this.#deps.publisher.change({ connection: this.#connectionView(state) });
    // With the connection comes the lease, and with that she is back.
    if (state.kind !== 'ready') this.#hold('companion');
    else if (state.session.ready.daemon.state === 'gone') this.#hold('daemon');
  }

  daemon(daemon: DaemonInfo): void {
    const { connection } = this.#deps.publisher.view;
    if (connection.state === 'ready') this.#deps.publisher.change({ connection: { ...connection, daemon } });
    if (daemon.state === 'gone') this.#hold('daemon');
    else this.#release('daemon');
  }

  /** Whoever was at work or at rest: what stands there would not be true any more. */
  #hold(waitsFor: 'companion' | 'daemon'): void {
    this.#people.change((state) =>
      state.kind === 'booting' ||
      state.kind === 'errored' ||
      state.kind === 'asleep' ||
      (state.kind === 'waiting' && state.waitsFor === 'you')
        ? undefined
        : { kind: 'waiting', waitsFor },
    );
  }

  #release(waitsFor: 'companion' | 'daemon', only?: Uuid): void {
    this.#people.change((state, peerId) =>
      state.kind === 'waiting' && state.waitsFor === waitsFor && (only ?? peerId) === peerId
        ? this.#resting(peerId)
        : undefined,
    );
  }

  roomOpened(feed: RoomFeed, human: CitizenRuntime): void {
    const { publisher, store, clock } = this.#deps;
    const { seed } = human.identity;
    this.#people.clear();
    this.#leaseRefused.clear();
    this.#unattended.clear();
    this.#people.addOwn(seed, undefined);
    this.#deps.onIdentity();
    const timeline = new Timeline({
      room: feed.room,
      store,
      clock,
      self: { peerId: seed.peer_id, name: seed.agent_name },
      onChange: (room) => {
        publisher.change({ rooms: [room], activeChannel: room.channel });
      },
    });
    this.#timeline = timeline;
    human.outbox.changes.subscribe((row) => {
      timeline.track(row);
    });
    feed.news.subscribe((news) => {
      this.#onFeed(news, timeline);
    });
    human.outbox
      .open()
      .then((rows) => timeline.open(rows))
      .then(() => store.before(feed.room.channel, Infinity, 200))
      .then((rows) => {
        this.#people.seen(rows);
      })
      .catch((error: unknown) => {
        this.trouble(toAppError(error));
      });
  }

  personaStarted({ identity }: CitizenRuntime): void {
    this.#people.addOwn(identity.seed, booting('bootstrap'));
    this.#deps.onIdentity();
  }

  lease({ citizen }: CitizenRuntime, state: LeaseState): void {
    const { peerId } = citizen;
    if (state.kind === 'refused') {
      this.#leaseRefused.add(peerId);
      this.#people.setState(peerId, { kind: 'errored', trouble: troubleOf(state.error, this.#deps.clock) });
      // Asked again every few seconds: the list keeps one telling of it.
      this.trouble(state.error);
    } else if (state.kind === 'held') {
      this.#release('companion', peerId);
      if (!this.#leaseRefused.delete(peerId)) return;
      this.#people.setState(peerId, this.#resting(peerId));
      if (this.#leaseRefused.size === 0) this.#over(LEASE_TROUBLES);
    }
  }

  stage(peerId: Uuid, stage: BootStage): void {
    this.#unattended.delete(peerId);
    if (!this.#leaseRefused.has(peerId))
      this.#people.setState(peerId, booting(stage, this.#deps.laneProgress()));
  }

  serving(peerId: Uuid, news: ServeNews): void {
    if (!this.#leaseRefused.has(peerId)) this.#people.setState(peerId, this.#personState(peerId, news));
  }

  unattended(peerId: Uuid, _stage: BootStage, error: AppError): void {
    const isFreed = error.code === 'DeviceFreed';
    const state: PersonState = isFreed
      ? { kind: 'waiting', waitsFor: 'you' }
      : { kind: 'errored', trouble: troubleOf(error, this.#deps.clock) };
    this.#unattended.set(peerId, state);
    this.#people.setState(peerId, state);
    if (!isFreed) this.trouble(error);
  }

  booted(summary: BootSummary): void {
    for (const { stage, error } of summary.failures) if (stage === 'bootstrap') this.trouble(error);
  }

  trouble(error: AppError): void {
    const { publisher, clock } = this.#deps;
    publisher.change({ troubles: addTrouble(publisher.view.troubles, troubleOf(error, clock)) });
  }

  #over(codes: ReadonlySet<ErrorCode>): void {
    const { publisher } = this.#deps;
    const { troubles } = publisher.view;
    const left = dropTroubles(troubles, codes);
    if (left.length < troubles.length) publisher.change({ troubles: left });
  }

  /** She was put to sleep, or woken. */
  rested(peerId: Uuid): void {
    this.#people.setState(peerId, this.#resting(peerId));
  }

  #onFeed(news: FeedNews, timeline: Timeline): void {
    switch (news.kind) {
      case 'rows':
        this.#people.seen(news.rows);
        timeline.add(news.rows);
        return;
      case 'live':
        this.#people.present(news.event);
        return;
      case 'detached':
        // A lost socket is on the page as the connection's state already.
        if (news.error.code !== 'BridgeDown') this.trouble(news.error);
        return;
      case 'caught-up':
        this.#over(DAEMON_TROUBLES);
        timeline.caughtUp().catch((error: unknown) => {
          this.trouble(toAppError(error));
        });
        return;
      case 'store-replaced':
        return;
    }
  }

  #connectionView(state: BridgeState): ConnectionView {
    const { clock } = this.#deps;
    switch (state.kind) {
      case 'ready': {
        const { companionVersion, daemon } = state.session.ready;
        return { state: 'ready', companionVersion, daemon };
      }
      case 'refused':
        return { state: 'unpaired', trouble: troubleOf(state.error, clock) };
      case 'connecting':
        return {
          state: 'connecting',
          attempt: state.attempt,
          ...(state.error && { trouble: troubleOf(state.error, clock) }),
        };
    }
  }

  #personState(peerId: Uuid, news: ServeNews): PersonState {
    switch (news.kind) {
      case 'idle':
        return this.#resting(peerId);
      case 'thinking': {
        const { progress } = news;
        if (!progress) return { kind: 'reading' };
        if (progress.kind === 'queued') return { kind: 'queued', ahead: progress.ahead };
        if (progress.kind === 'writing')
          return { kind: 'writing', text: progress.text, tokens: progress.tokens };
        const { promptTokensDone: done, promptTokens: total } = progress;
        return { kind: 'reading', progress: { what: 'reading', done, total, unit: 'tokens' } };
      }
      case 'ended':
        switch (news.end.kind) {
          case 'replied':
            return this.#resting(peerId);
          case 'silent':
            if (this.#deps.isAsleep(peerId)) return { kind: 'asleep' };
            return { kind: 'silent', reason: news.end.reason, decidedBy: news.end.decidedBy };
          case 'errored':
            this.trouble(news.end.error);
            return { kind: 'errored', trouble: troubleOf(news.end.error, this.#deps.clock) };
        }
    }
  }

  #resting(peerId: Uuid): PersonState {
    return this.#deps.isAsleep(peerId)
      ? { kind: 'asleep' }
      : (this.#unattended.get(peerId) ?? { kind: 'idle' });
  }
}

function booting(stage: BootStage, lane?: LaneView['progress']): PersonState {
  if (lane && stage === 'adapter') return { kind: 'booting', progress: lane };
  return {
    kind: 'booting',
    progress: {
      what: STAGE_WORDS[stage],
      done: BOOT_STAGES.indexOf(stage),
      total: BOOT_STAGES.length,
      unit: 'steps',
    },
  };
}
