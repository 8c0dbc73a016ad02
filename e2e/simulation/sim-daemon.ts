/** Owns the simulated daemon: a durable order that survives its crashes, and connections that break with it. */
import { chatPayload } from '../../shared/airc/body.ts';
import type { AircConnection, AttachStart, InboxPage, PublishRequest } from '../../shared/airc/connection.ts';
import {
  compareCursors,
  cursorOf,
  ZERO_CURSOR,
  type AircEvent,
  type PublishReceipt,
  type Uuid,
} from '../../shared/airc/model.ts';
import { AppError } from '../../shared/errors.ts';
import { uuidV4 } from '../../shared/random.ts';
import type { SeededRandom } from '../../shared/testing/seeded-random.ts';
import type { VirtualClock } from '../../shared/testing/virtual-clock.ts';
import type { SimProcess } from './sim-process.ts';

interface Stream {
  push(event: AircEvent): void;
  break(): void;
}

export class SimDaemon {
  /** What is on its disk. */
  readonly events: AircEvent[] = [];
  /** Events whose receipt left the daemon. */
  readonly acknowledged = new Set<Uuid>();
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #streams = new Set<Stream>();
  #epoch = 1;
  #counter = 0;
  #isUp = true;
  #life = 0;

  /** `losesTail`: like the real daemon, a crash can take the newest acknowledged events with it. */
  readonly losesTail: boolean;

  constructor(clock: VirtualClock, random: SeededRandom, losesTail: boolean) {
    this.#clock = clock;
    this.#random = random;
    this.losesTail = losesTail;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  kill(): void {
    this.#isUp = false;
    this.#life += 1;
    for (const stream of this.#streams) stream.break();
    this.#streams.clear();
    if (this.losesTail) this.events.splice(this.events.length - this.#random.between(0, 4));
  }

  start(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#epoch += 1;
  }

  /** The connection of one client process; every call dials anew and takes its time both ways. */
  connect(client: SimProcess): AircConnection {
    const call = async <T>(work: () => T, signal?: AbortSignal): Promise<T> => {
      signal?.throwIfAborted();
      const life = this.#life;
      if (!this.#isUp) throw new AppError('DaemonUnreachable', 'The daemon does not run.');
      // The request is on its way in the daemon's own time: a client that dies now has sent it all the same.
      const done = new Promise<T>((resolve, reject) => {
        this.#clock.after(this.#delayMs(), () => {
          if (this.#life !== life) reject(new AppError('DaemonGone', 'The connection broke.'));
          else resolve(work());
        });
      });
      const result = await done;
      await client.clock.sleep(this.#delayMs());
      if (this.#life !== life) throw new AppError('DaemonGone', 'The connection broke.');
      return result;
    };
    return {
      ping: (signal) => call(() => undefined, signal),
      status: (signal) =>
        call(() => ({ peerId: ZERO_CURSOR.eventId, uptimeSeconds: 1, ipcProtocolVersion: 5 }), signal),
      addPeer: (_peerId, _publicKey, signal) => call(() => undefined, signal),
      send: (message, signal) =>
        call(
          () =>
            this.#publish({
              ...message,
              kind: 'message',
              delivery: 'durable',
              headers: message.headers ?? new Map(),
              payload: chatPayload(message.text),
            }),
          signal,
        ),
      publish: (request, signal) => call(() => this.#publish(request), signal),
      inbox: ({ channel, since, limit }, signal) =>
        call((): InboxPage => {
          const all = this.events.filter((event) => event.channel === channel);
          const events = since
            ? all.filter((event) => compareCursors(event, since) > 0).slice(0, limit)
            : all.slice(-limit);
          const last = events.at(-1);
          return last ? { events, newest: cursorOf(last) } : { events };
        }, signal),
      roomTip: (channel, signal) =>
        call(() => {
          const last = this.events.findLast((event) => event.channel === channel);
          return last && cursorOf(last);
        }, signal),
      attach: async ({ channel, start }, signal) => {
        const stream = await call(() => this.#attach(channel, start, client, signal), signal);
        return stream;
      },
    };
  }

  #publish(request: PublishRequest): PublishReceipt {
    this.#counter += 1;
    const { target = { kind: 'all' }, ...rest } = request;
    const { fromPeer, fromClient, ...fields } = rest;
    const event: AircEvent = {
      ...fields,
      eventId: uuidV4(this.#random),
      peerId: fromPeer,
      clientId: fromClient,
      epoch: this.#epoch,
      counter: this.#counter,
      occurredAtMs: this.#clock.nowMs(),
      target,
    };
    if (event.delivery === 'durable') this.events.push(event);
    for (const stream of this.#streams) stream.push(event);
    const { eventId, epoch, counter, occurredAtMs } = event;
    if (event.delivery === 'durable') this.acknowledged.add(eventId);
    return { eventId, epoch, counter, occurredAtMs };
  }

  /** Live events only come some of the time, twice, or in the wrong order: they are a hint, and promise nothing. */
  #attach(
    channel: Uuid,
    start: AttachStart,
    client: SimProcess,
    signal: AbortSignal,
  ): AsyncIterable<AircEvent> {
    const queue: AircEvent[] = [];
    let wake: () => void = () => undefined;
    let broken = false;
    if (start.from !== 'now') {
      const after = start.from === 'after' ? start.cursor : ZERO_CURSOR;
      queue.push(
        ...this.events.filter((event) => event.channel === channel && compareCursors(event, after) > 0),
      );
    }
    const random = this.#random;
    const stream: Stream = {
      push: (event) => {
        if (event.channel !== channel || random.chance(0.1)) return;
        if (random.chance(0.1)) queue.unshift(event);
        else queue.push(event);
        if (random.chance(0.1)) queue.push(event);
        wake();
      },
      break: () => {
        broken = true;
        wake();
      },
    };
    this.#streams.add(stream);
    signal.addEventListener('abort', () => {
      this.#streams.delete(stream);
      wake();
    });
    return {
      [Symbol.asyncIterator]: async function* () {
        while (!signal.aborted) {
          const next = queue.shift();
          if (next) {
            await client.clock.sleep(random.next() * 2);
            yield next;
            continue;
          }
          if (broken && client.alive) throw new AppError('DaemonGone', 'The stream broke.');
          await new Promise<void>((resolve) => (wake = resolve));
        }
      },
    };
  }

  #delayMs(): number {
    return this.#random.chance(0.03) ? this.#random.between(20, 300) : this.#random.next() * 2;
  }
}
