/**
 * Owns being the one reader of one room. What the daemon pushes is only a hint that there is something to read: rows
 * are taken from its inbox, in its order, and stored together with the cursor before anybody hears of them.
 */
import { compareCursors, ZERO_CURSOR, type Cursor } from '../../../shared/airc/model.ts';
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError } from '../../../shared/errors.ts';
import type { BridgeEvent, RoomInfo } from '../../../shared/bridge/messages.ts';
import type { Logger } from '../../../shared/log.ts';
import type { SignatureVerifier } from '../../../shared/signatures.ts';
import { abortable, nextOf } from '../abortable.ts';
import type { BridgeClient } from '../bridge/bridge-client.ts';
import type { BridgeSession } from '../bridge/bridge-session.ts';
import { createLatch, type Latch } from '../latch.ts';
import type { RoomLogRow } from '../storage/database.ts';
import type { RoomStore } from '../storage/stores.ts';
import { createTopic, type Topic } from '../topic.ts';
import { checkTip } from './check-tip.ts';
import { inboxAfter, inboxNewest, type InboxSlice } from './inbox.ts';
import { LiveHints } from './live-hints.ts';
import { readEvent } from './read-event.ts';

export type FeedNews =
  /** New rows of the log, in order; they are stored. */
  | { readonly kind: 'rows'; readonly rows: readonly RoomLogRow[] }
  /** Not durable: presence and the like. Seen once, stored nowhere. */
  | { readonly kind: 'live'; readonly event: BridgeEvent }
  /** Attached, and everything up to now is in the log. Comes again after every reconnect. */
  | { readonly kind: 'caught-up'; readonly session: BridgeSession }
  | { readonly kind: 'detached'; readonly error: AppError }
  /** The daemon's store is another one. Not an end: the feed goes on with the new one. */
  | { readonly kind: 'store-replaced'; readonly error: AppError };

export interface RoomFeedDeps {
  readonly client: BridgeClient;
  readonly store: RoomStore;
  readonly verifier: SignatureVerifier;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A live stream can skip an event, and the last of a burst has no successor to betray it. */
const QUIET_CHECK_MS = 1_000;
const PERIODIC_CHECK_MS = 15_000;
/** How far back a thorough check reads: the daemon may insert two events in swapped order. */
const OVERLAP_ROWS = 64;
const REATTACH_MS = 500;
/** In a busy room one read takes what came in the meantime; the companion allows 20 requests a second. */
const READ_GAP_MS = 120;

export class RoomFeed {
  readonly room: RoomInfo;
  readonly news: Topic<FeedNews> = createTopic();
  readonly #deps: RoomFeedDeps;
  readonly #wake: Latch = createLatch();
  readonly #hints = new LiveHints();
  /** Who waits for a read that begins from now on. */
  readonly #readers: (() => void)[] = [];
  #cursor: Cursor = ZERO_CURSOR;
  #daemonKey = '';
  #caughtUp: BridgeSession | undefined;
  #thorough = false;
  #quiet = false;
  #lastReadMs = 0;

  constructor(room: RoomInfo, deps: RoomFeedDeps) {
    this.room = room;
    this.#deps = deps;
  }

  /** The durable cursor: everything up to here is stored. */
  get position(): { readonly daemonKey: string; readonly cursor: Cursor } {
    return { daemonKey: this.#daemonKey, cursor: this.#cursor };
  }

  /** Resolves once the log holds everything up to now on a live session; at once when it does already. */
  async whenCaughtUp(signal: AbortSignal): Promise<BridgeSession> {
    signal.throwIfAborted();
    if (this.#caughtUp) return this.#caughtUp;
    return nextOf(this.news, (news) => (news.kind === 'caught-up' ? news.session : undefined), signal);
  }

  /** Resolves once everything that is in the room at this moment is in the log. */
  refresh(signal: AbortSignal): Promise<void> {
    const read = new Promise<void>((resolve) => {
      this.#readers.push(resolve);
    });
    this.#thorough = true;
    this.#wake.set();
    return abortable(read, signal);
  }

  /** Reads the room until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, clock, log } = this.#deps;
    while (!signal.aborted) {
      let session: BridgeSession | undefined;
      try {
        session = await client.whenReady(signal);
        await this.#serve(session, signal);
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toAppError(thrown, 'Internal');
        log.log('warn', 'room.detached', { room: this.room.name, code: error.code, message: error.message });
        this.news.publish({ kind: 'detached', error });
        // A lost socket is dialled again by the client, at its pace; a lost daemon is asked again here.
        if (!session?.ended.aborted)
          await clock.sleep(REATTACH_MS, signal).catch((_aborted: unknown) => undefined);
      } finally {
        this.#caughtUp = undefined;
      }
    }
  }

  async #serve(session: BridgeSession, signal: AbortSignal): Promise<void> {
    const attachment = new AbortController();
    const either = AbortSignal.any([signal, session.ended, attachment.signal]);
    const { channel } = this.room;
    this.#daemonKey = session.ready.daemon.socketPath;
    const subscription = `feed-${channel}`;
    try {
      await session.attach(
        { subscription, channel, start: { from: 'now' } },
        {
          onEvent: (event) => {
            this.#onLive(event);
          },
          onEnded: (error) => {
            attachment.abort(error ?? new AppError('DaemonGone', 'The daemon ended the stream.'));
          },
        },
      );
      await this.#findStart(session, either);
      this.#thorough = true;
      for (;;) {
        const readers = this.#readers.splice(0);
        try {
          await this.#pull(session, either);
        } catch (error) {
          this.#readers.unshift(...readers);
          throw error;
        }
        for (const resolve of readers) resolve();
        if (!this.#caughtUp) {
          this.#caughtUp = session;
          this.news.publish({ kind: 'caught-up', session });
        }
        await this.#waitForNews(either);
      }
    } catch (error) {
      // A call that was stopped tells less than what stopped it.
      either.throwIfAborted();
      throw error;
    } finally {
      // The next attempt makes a fresh subscription; one left over would only repeat the hints.
      if (!session.ended.aborted && !attachment.signal.aborted) {
        session.request('detach', { subscription }).catch((_ended: unknown) => undefined);
      }
    }
  }

  #onLive(event: BridgeEvent): void {
    if (event.delivery !== 'durable') {
      this.news.publish({ kind: 'live', event });
      return;
    }
    this.#hints.add(event.eventId);
    if (this.#hints.open) this.#wake.set();
  }

  /** Sets the cursor to read after; at the first visit it stores the newest lines, so that there is a past to see. */
  async #findStart(session: BridgeSession, signal: AbortSignal): Promise<void> {
    const { store, log } = this.#deps;
    const { channel } = this.room;
    const stored = await store.cursor(this.#daemonKey, channel);
    if (stored) {
      const check = await checkTip(session, store, channel, stored, signal);
      if (check.kind === 'same') {
        this.#cursor = stored;
        return;
      }
      if (check.kind === 'tail-lost') {
        log.log('warn', 'room.tail-lost', {
          room: this.room.name,
          epoch: check.tip.epoch,
          counter: check.tip.counter,
        });
        this.#cursor = check.tip;
        return;
      }
      const error = new AppError(
        'RoomStoreReplaced',
        `The daemon's store of "${this.room.name}" was replaced.`,
      );
      log.log('warn', 'room.store-replaced', { room: this.room.name });
      this.news.publish({ kind: 'store-replaced', error });
    }
    this.#cursor = ZERO_CURSOR;
    const newest = await inboxNewest(session, channel, signal);
    await this.#store(newest ?? { events: [], newest: ZERO_CURSOR });
  }

  /** Reads everything after the cursor. A thorough pull goes back a little and reads on to the very end. */
  async #pull(session: BridgeSession, signal: AbortSignal): Promise<void> {
    const thorough = this.#thorough;
    this.#thorough = false;
    const since = thorough ? await this.#overlapStart() : this.#cursor;
    for await (const slice of inboxAfter(session, this.room.channel, since, signal)) {
      await this.#store(slice);
      if (!thorough && !this.#hints.open) return;
    }
  }

  async #overlapStart(): Promise<Cursor> {
    const rows = await this.#deps.store.before(this.room.channel, Infinity, OVERLAP_ROWS);
    const sameOrder = rows.filter(
      (row) => row.epoch === this.#cursor.epoch && compareCursors(row, this.#cursor) <= 0,
    );
    const first = sameOrder.at(0);
    return first ? { epoch: first.epoch, counter: first.counter, eventId: first.eventId } : this.#cursor;
  }

  async #store(slice: InboxSlice): Promise<void> {
    const { store, verifier } = this.#deps;
    const rows = await Promise.all(slice.events.map((event) => readEvent(event, verifier)));
    const cursor = compareCursors(slice.newest, this.#cursor) > 0 ? slice.newest : this.#cursor;
    const added = await store.append({
      daemonKey: this.#daemonKey,
      channel: this.room.channel,
      rows,
      cursor,
    });
    this.#cursor = cursor;
    for (const row of rows) this.#hints.resolve(row.eventId);
    if (added.length > 0) this.news.publish({ kind: 'rows', rows: added });
  }

  /** Returns when there may be something to read. */
  async #waitForNews(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const cancelCheck = clock.after(this.#quiet ? PERIODIC_CHECK_MS : QUIET_CHECK_MS, () => {
      this.#quiet = true;
      this.#thorough = true;
      this.#wake.set();
    });
    const retryMs = this.#hints.nextRetryMs();
    const cancelRetry =
      retryMs === undefined
        ? undefined
        : clock.after(retryMs, () => {
            this.#wake.set();
          });
    try {
      await this.#wake.wait(signal);
    } finally {
      cancelCheck();
      cancelRetry?.();
    }
    const gapMs = this.#lastReadMs + READ_GAP_MS - clock.monotonicMs();
    if (gapMs > 0) await clock.sleep(gapMs, signal);
    this.#lastReadMs = clock.monotonicMs();
    if (this.#hints.open) this.#quiet = false;
  }
}
