/**
 * Owns getting what a citizen says into the room once. Every message is stored before it is sent, marked uncertain
 * before every try, and looked up in the room before the next one.
 */
import type { Cursor, Uuid } from '../../../shared/airc/model.ts';
import { AppError, fromWireError, toAppError, toWireError } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/log.ts';
import { createLatch } from '../latch.ts';
import type { OutboxRow } from '../storage/database.ts';
import type { OutboxStore } from '../storage/stores.ts';
import { createTopic, type Topic } from '../topic.ts';
import type { Lease } from './lease.ts';
import { classifyPublishFailure } from './publish-failure.ts';
import { rightBefore, RoomLookup, type RoomLookupDeps } from './room-lookup.ts';

export interface SayReceipt {
  readonly eventId: Uuid;
}

/** One room in this version: the feed's. */
export interface OutboxDeps extends RoomLookupDeps {
  readonly clientId: Uuid;
  readonly store: OutboxStore;
  readonly lease: Lease;
  readonly logger: Logger;
}

const TRY_AGAIN_MS = 500;
/** How long an acknowledged message is looked up again after every reconnect. */
const SAID_KEPT_MS = 10 * 60_000;

interface Waiter {
  resolve(receipt: SayReceipt): void;
  reject(error: AppError): void;
}

export class Outbox {
  /** Every stored step of every message. */
  readonly changes: Topic<OutboxRow> = createTopic();
  readonly #deps: OutboxDeps;
  readonly #lookup: RoomLookup;
  readonly #work = createLatch();
  readonly #waiters = new Map<Uuid, Waiter[]>();
  #lookUp = false;
  #storeReplacedAtMs = 0;
  #lastCreatedAtMs = 0;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#lookup = new RoomLookup(deps);
  }

  /**
   * Resolves once the message is stored, unless its id is known already; it is then on its way, over reconnects and
   * restarts. `inRoom` resolves with its event id, or rejects with the cause when it was refused for good.
   */
  async post(message: {
    readonly mid: Uuid;
    readonly text: string;
    readonly headers: ReadonlyMap<string, string>;
    /** Of the lease under which it was decided; absent for the present one. */
    readonly fence?: number | undefined;
  }): Promise<{ readonly inRoom: Promise<SayReceipt> }> {
    const { store, feed, clock, peerId, lease } = this.#deps;
    const fence = message.fence ?? (lease.state.kind === 'held' ? lease.state.fence : undefined);
    // Before the store is asked: its answer may be older than the delivery that settles the waiters.
    const inRoom = this.#wait(message.mid);
    // Whoever posts without waiting sees the end of it in the outbox.
    inRoom.catch((_seenThere: unknown) => undefined);
    const known = await store.get(message.mid);
    if (known?.state === 'said' || known?.state === 'failed') this.#settle(known);
    if (!known) {
      // Strictly growing, so that what was said first is sent first.
      this.#lastCreatedAtMs = Math.max(clock.nowMs(), this.#lastCreatedAtMs + 1);
      const { cursor, daemonKey } = feed.position;
      await this.#put({
        mid: message.mid,
        peerId,
        channel: feed.room.channel,
        text: message.text,
        headers: [...message.headers],
        state: 'waiting',
        createdAtMs: this.#lastCreatedAtMs,
        daemonKey,
        after: cursor,
        ...(fence === undefined ? {} : { fence }),
      });
    }
    this.#work.set();
    return { inRoom };
  }

  /** Puts a refused message on its way again, under the same id. */
  async retry(mid: Uuid): Promise<void> {
    const row = await this.#deps.store.get(mid);
    if (row?.state !== 'failed') return;
    await this.#put({ ...row, state: 'uncertain' });
    this.#work.set();
  }

  /** What is not known to be in the room, oldest first. */
  async open(): Promise<readonly OutboxRow[]> {
    return (await this.#deps.store.all(this.#deps.peerId)).filter((row) => row.state !== 'said');
  }

  async run(signal: AbortSignal): Promise<void> {
    const { feed, store, peerId, logger, clock } = this.#deps;
    const unsubscribe = feed.news.subscribe((news) => {
      if (news.kind === 'store-replaced') this.#storeReplacedAtMs = clock.nowMs();
      if (news.kind !== 'caught-up') return;
      this.#lookUp = true;
      this.#work.set();
    });
    this.#lookUp = true;
    this.#work.set();
    try {
      while (!signal.aborted) {
        await this.#work.wait(signal);
        try {
          if (this.#lookUp) await this.#lookUpSaid(signal);
          for (const row of await store.all(peerId)) {
            if (row.state === 'waiting' || row.state === 'uncertain') await this.#deliver(row, signal);
          }
          await this.#forget();
        } catch (thrown) {
          signal.throwIfAborted();
          const error = toAppError(thrown, 'Internal');
          logger.log('warn', 'outbox.delayed', { code: error.code, message: error.message });
          await clock.sleep(TRY_AGAIN_MS, signal);
          this.#work.set();
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      unsubscribe();
    }
  }

  async #deliver(first: OutboxRow, signal: AbortSignal): Promise<void> {
    const { lease, clock } = this.#deps;
    let row = first;
    for (;;) {
      const { session, fence } = await lease.whenHeld(signal);
      if (row.state === 'uncertain' || row.fence !== fence) {
        const found = await this.#lookup.search(row, signal);
        if (found) return this.#said(row, found);
      }
      row = await this.#put({ ...row, state: 'uncertain', lastTryAtMs: clock.nowMs() });
      try {
        const receipt = await session.request(
          'publish',
          {
            channel: row.channel,
            fromPeer: row.peerId,
            fromClient: this.#deps.clientId,
            fence,
            kind: 'message',
            delivery: 'durable',
            headers: row.headers.map(([key, value]): [string, string] => [key, value]),
            body: { kind: 'text', text: row.text },
          },
          { signal },
        );
        return await this.#said(row, receipt);
      } catch (thrown) {
        signal.throwIfAborted();
        const error = toAppError(thrown);
        this.#deps.logger.log('warn', 'outbox.publish-failed', { code: error.code, message: error.message });
        switch (classifyPublishFailure(error)) {
          case 'not-sent':
            if (error.code === 'NotClaimed') lease.invalidate(fence);
            row = await this.#put({ ...row, state: 'waiting' });
            break;
          case 'refused': {
            const found = await this.#lookup.search(row, signal);
            return found ? this.#said(row, found) : this.#failed(row, error);
          }
          case 'perhaps-sent':
            // Counted from here: the daemon may have been at it all the time.
            row = await this.#put({ ...row, lastTryAtMs: clock.nowMs() });
            break;
        }
        await clock.sleep(TRY_AGAIN_MS, signal);
      }
    }
  }

  /** The real daemon can lose what it acknowledged: after every reconnect what was said lately is looked up again. */
  async #lookUpSaid(signal: AbortSignal): Promise<void> {
    const { feed, store, peerId, logger } = this.#deps;
    await feed.whenCaughtUp(signal);
    this.#lookUp = false;
    const { daemonKey } = feed.position;
    const said = (await store.all(peerId)).filter(
      (row) =>
        row.state === 'said' && row.daemonKey === daemonKey && row.createdAtMs >= this.#storeReplacedAtMs,
    );
    const first = said.at(0);
    if (!first) return;
    const found = await this.#lookup.find(new Set(said.map((row) => row.mid)), first, signal);
    for (const row of said) {
      if (found.has(row.mid)) continue;
      logger.log('warn', 'outbox.lost-by-daemon', { mid: row.mid });
      await this.#put({ ...row, state: 'uncertain' });
    }
  }

  async #forget(): Promise<void> {
    const { store, peerId, clock } = this.#deps;
    const before = clock.nowMs() - SAID_KEPT_MS;
    const old = (await store.all(peerId)).filter((row) => row.state === 'said' && row.createdAtMs < before);
    if (old.length > 0) await store.remove(old.map((row) => row.mid));
  }

  async #said(row: OutboxRow, place: Cursor): Promise<void> {
    const { eventId, epoch } = place;
    const said = await this.#put({
      ...row,
      state: 'said',
      receipt: { eventId, epoch },
      daemonKey: this.#deps.feed.position.daemonKey,
      // Whoever said it and whenever this row was written: a later look-up must find it.
      after: rightBefore(place),
    });
    this.#settle(said);
  }

  async #failed(row: OutboxRow, error: AppError): Promise<void> {
    this.#settle(await this.#put({ ...row, state: 'failed', error: toWireError(error) }));
  }

  #wait(mid: Uuid): Promise<SayReceipt> {
    return new Promise((resolve, reject) => {
      this.#waiters.set(mid, [...(this.#waiters.get(mid) ?? []), { resolve, reject }]);
    });
  }

  #settle(row: OutboxRow): void {
    const waiting = this.#waiters.get(row.mid) ?? [];
    this.#waiters.delete(row.mid);
    for (const waiter of waiting) {
      if (row.state === 'said' && row.receipt) waiter.resolve({ eventId: row.receipt.eventId });
      else
        waiter.reject(fromWireError(row.error ?? { code: 'Internal', message: 'The message was given up.' }));
    }
  }

  async #put(row: OutboxRow): Promise<OutboxRow> {
    await this.#deps.store.put(row);
    this.changes.publish(row);
    return row;
  }
}
