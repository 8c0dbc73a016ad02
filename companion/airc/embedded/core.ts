/**
 * Owns the embedded daemon without its socket: it numbers events, stores what is durable, and hands everything to who
 * listens, in one step. Time, chance, disk and the moment of that step are injected.
 */
import type { InboxPage, PublishRequest } from '../../../shared/airc/connection.ts';
import type { StreamQuery } from '../../../shared/airc/daemon-client.ts';
import type { Peer } from '../../../shared/airc/ipc/peers.ts';
import {
  cursorOf,
  NIL_UUID,
  type AircEvent,
  type Cursor,
  type PublishReceipt,
  type Uuid,
} from '../../../shared/airc/model.ts';
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError } from '../../../shared/errors.ts';
import { uuidV4, type RandomSource } from '../../../shared/random.ts';
import type { EventStore } from './event-store.ts';
import { Room } from './room.ts';
import { Subscription } from './subscription.ts';

export interface CoreDeps {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Runs the work soon, never at once: what was published until then is committed together. */
  readonly schedule: (work: () => void) => void;
}

interface Pending {
  readonly request: PublishRequest;
  readonly resolve: (receipt: PublishReceipt) => void;
  readonly reject: (error: AppError) => void;
}

/** Of everything its sender chose: as an array of integers it takes up to twice that in a frame of 16 MiB. */
const MAX_EVENT_BYTES = 7 * 1024 * 1024;
const MAX_HEADER_BYTES = 128 * 1024;
/** What the envelope spends on one header beside its text. */
const HEADER_FRAME_BYTES = 32;
const MAX_PENDING = 1024;
/** Rooms in memory; one that nobody listens to loses only its ring of unstored events. */
const MAX_ROOMS = 256;
export const DEFAULT_INBOX_LIMIT = 32;

export class DaemonCore {
  readonly peerId: Uuid;
  readonly #deps: CoreDeps;
  readonly #epoch: number;
  readonly #startedMs: number;
  readonly #rooms = new Map<Uuid, Room>();
  readonly #subscriptions = new Set<Subscription>();
  readonly #peers = new Map<Uuid, string>();
  #nextCounter = 0;
  #pending: Pending[] = [];
  #isClosed = false;

  /** Counts a start of the store before anything can be asked. Throws `StorageFailed`. */
  constructor(deps: CoreDeps) {
    this.#deps = deps;
    const { epoch, peerId } = deps.store.begin(uuidV4(deps.random));
    this.#epoch = epoch;
    this.peerId = peerId;
    this.#startedMs = deps.clock.monotonicMs();
  }

  get uptimeSeconds(): number {
    return Math.floor((this.#deps.clock.monotonicMs() - this.#startedMs) / 1_000);
  }

  /** Keys added since the start; this daemon has no trust store. */
  get peers(): readonly Peer[] {
    return Array.from(this.#peers, ([peerId, publicKey]) => ({ peerId, publicKey }));
  }

  addPeer(peer: Peer): void {
    this.#peers.set(peer.peerId, peer.publicKey);
  }

  removePeer(peerId: Uuid): void {
    this.#peers.delete(peerId);
  }

  /** The receipt of a durable event means that it survives a crash. Rejects with `DaemonRefused` or `DaemonGone`. */
  publish(request: PublishRequest): Promise<PublishReceipt> {
    return new Promise((resolve, reject) => {
      const refusal = this.#isClosed ? gone() : refusalOf(request, this.#pending.length);
      if (refusal !== undefined) {
        reject(refusal);
        return;
      }
      this.#pending.push({ request, resolve, reject });
      if (this.#pending.length > 1) return;
      this.#deps.schedule(() => {
        this.#commit();
      });
    });
  }

  inbox({ channel, since, limit }: { channel: Uuid; since?: Cursor; limit: number }): InboxPage {
    const { store } = this.#deps;
    if (limit === 0) return { events: [] };
    const events = since === undefined ? store.newest(channel, limit) : store.after(channel, since, limit);
    const last = events.at(-1);
    return last === undefined ? { events } : { events, newest: cursorOf(last) };
  }

  roomTip(channel: Uuid): Cursor | undefined {
    return this.#deps.store.tip(channel);
  }

  /** Registered when this returns. The caller closes it. Throws `DaemonGone`. */
  subscribe(query: StreamQuery): Subscription {
    if (this.#isClosed) throw gone();
    const subscription = new Subscription(this.#room(query.channel), query, this.#now(), () => {
      this.#subscriptions.delete(subscription);
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Ends every stream; what was not committed is refused. The store stays the caller's. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#pending) reject(gone());
    this.#pending = [];
    for (const subscription of this.#subscriptions) subscription.close();
  }

  #commit(): void {
    const batch = this.#pending.map((pending) => ({ ...pending, event: this.#stamp(pending.request) }));
    this.#pending = [];
    const failure = this.#store(
      batch.map(({ event }) => event).filter((event) => event.delivery === 'durable'),
    );
    for (const { event, resolve, reject } of batch) {
      if (failure !== undefined && event.delivery === 'durable') {
        reject(new AppError('DaemonRefused', `publish: ${failure.message}`, { cause: failure }));
        continue;
      }
      this.#room(event.channel).accept(event);
      const { eventId, epoch, counter, occurredAtMs } = event;
      resolve({ eventId, epoch, counter, occurredAtMs });
    }
  }

  #store(events: readonly AircEvent[]): AppError | undefined {
    try {
      if (events.length > 0) this.#deps.store.append(events);
      return undefined;
    } catch (error) {
      return toAppError(error, 'StorageFailed');
    }
  }

  #stamp({ fromPeer, fromClient, target = { kind: 'all' }, ...rest }: PublishRequest): AircEvent {
    const counter = this.#nextCounter;
    this.#nextCounter += 1;
    return {
      ...rest,
      target,
      peerId: fromPeer,
      clientId: fromClient,
      eventId: uuidV4(this.#deps.random),
      epoch: this.#epoch,
      counter,
      occurredAtMs: this.#deps.clock.nowMs(),
    };
  }

  #room(channel: Uuid): Room {
    const known = this.#rooms.get(channel);
    const room = known ?? new Room(channel, this.#deps.store, this.#now());
    // The map's order is that of use.
    this.#rooms.delete(channel);
    this.#rooms.set(channel, room);
    if (known === undefined) this.#forgetIdleRooms();
    return room;
  }

  #forgetIdleRooms(): void {
    for (const [channel, room] of this.#rooms) {
      if (this.#rooms.size <= MAX_ROOMS) return;
      if (!room.isHeard) this.#rooms.delete(channel);
    }
  }

  /** After every event so far, before every one to come. */
  #now(): Cursor {
    return { epoch: this.#epoch, counter: this.#nextCounter, eventId: NIL_UUID };
  }
}

/** Refused before it is stored: an event that fits no answer would end every page and every stream that comes to it. */
function refusalOf(request: PublishRequest, pending: number): AppError | undefined {
  if (pending >= MAX_PENDING) return refused('write-behind queue saturated; durable event shed');
  const { payload, headers, coalesceKey = '', target } = request;
  let headerBytes = 0;
  for (const [key, value] of headers)
    headerBytes += Buffer.byteLength(key) + Buffer.byteLength(value) + HEADER_FRAME_BYTES;
  if (headerBytes > MAX_HEADER_BYTES) return refused('the headers are too long');
  const addressBytes = Buffer.byteLength(coalesceKey) + Buffer.byteLength(JSON.stringify(target ?? {}));
  const eventBytes = payload.length + headerBytes + addressBytes;
  return eventBytes > MAX_EVENT_BYTES
    ? refused(`the event has ${eventBytes} bytes, more than ${MAX_EVENT_BYTES}`)
    : undefined;
}

function refused(message: string): AppError {
  return new AppError('DaemonRefused', `publish: ${message}`);
}

function gone(): AppError {
  return new AppError('DaemonGone', 'The daemon has ended.');
}
