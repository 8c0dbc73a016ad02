/**
 * Owns one listener's view of a room: first what it missed, then what comes, each event once and in order. A listener
 * that reads too slowly for its bounded queue goes back to catching up from the store, without slowing anybody.
 */
import type { StreamItem, StreamQuery } from '../../../shared/airc/daemon-client.ts';
import { ANY_HEADERS, matchesHeaders } from '../../../shared/airc/header-filter.ts';
import {
  compareCursors,
  cursorOf,
  ZERO_CURSOR,
  type AircEvent,
  type Cursor,
} from '../../../shared/airc/model.ts';
import type { Listener, Room } from './room.ts';

const MAX_QUEUED_EVENTS = 1024;
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;

export class Subscription implements Listener {
  readonly #room: Room;
  readonly #query: StreamQuery;
  readonly #onClosed: () => void;
  /** Where the backlog ends, when it is to be told in one sum. */
  readonly #edge: Cursor | undefined;
  /** Everything up to here was looked at. */
  #position: Cursor;
  #replay: AircEvent[] = [];
  #queue: AircEvent[] = [];
  #queuedBytes = 0;
  /** Caught up: new events are queued. Otherwise they are read later, from ring or store. */
  #isLive: boolean;
  #isClosed = false;
  #skipped = 0;
  #lastSkipped: Cursor | undefined;
  #held: AircEvent | undefined;
  #wake: () => void = () => undefined;

  /** `now` is before every event that is still to come. Registered when this returns. */
  constructor(room: Room, query: StreamQuery, now: Cursor, onClosed: () => void) {
    this.#onClosed = onClosed;
    this.#room = room;
    this.#query = query;
    const { start } = query;
    this.#isLive = start.from === 'now';
    this.#edge = query.coalesceBacklog === true && start.from !== 'now' ? now : undefined;
    this.#position = start.from === 'now' ? now : start.from === 'after' ? start.cursor : ZERO_CURSOR;
    room.listen(this);
  }

  push(event: AircEvent): void {
    // Not after the position: the cursor it started from was of another store, whose numbers were higher.
    if (this.#isLive && compareCursors(event, this.#position) > 0) {
      if (this.#queue.length >= MAX_QUEUED_EVENTS || this.#queuedBytes >= MAX_QUEUED_BYTES) {
        // What is queued is still given out; the rest is read again from there.
        this.#isLive = false;
      } else {
        this.#queue.push(event);
        this.#queuedBytes += event.payload.length;
      }
    }
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#room.unlisten(this);
    this.#onClosed();
    this.#wake();
  }

  /** Ends after `close`. Throws `StorageFailed` when the backlog cannot be read; there is no silent gap. */
  async *items(): AsyncGenerator<StreamItem> {
    try {
      while (!this.#isClosed) {
        const item = this.#take();
        if (item !== undefined) {
          yield item;
          continue;
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.close();
    }
  }

  #take(): StreamItem | undefined {
    const held = this.#held;
    if (held !== undefined) {
      this.#held = undefined;
      return { kind: 'event', event: held };
    }
    for (let event = this.#next(); event !== undefined; event = this.#next()) {
      this.#position = cursorOf(event);
      const item = this.#matches(event) ? this.#coalesced(event) : undefined;
      if (item !== undefined) return item;
    }
    return undefined;
  }

  /** The next event in order; undefined when caught up, from when on it is live. */
  #next(): AircEvent | undefined {
    const replayed = this.#replay.shift();
    if (replayed !== undefined) return replayed;
    const queued = this.#queue.shift();
    if (queued !== undefined) {
      this.#queuedBytes -= queued.payload.length;
      return queued;
    }
    if (this.#isLive) return undefined;
    this.#replay = [...this.#room.read(this.#position)];
    // Nothing can be published between the empty read and this line.
    this.#isLive = this.#replay.length === 0;
    return this.#replay.shift();
  }

  /** Counts an event of a backlog that is only told in sum, and tells the sum before the first one after it. */
  #coalesced(event: AircEvent): StreamItem | undefined {
    if (this.#edge !== undefined && compareCursors(event, this.#edge) < 0) {
      this.#skipped += 1;
      this.#lastSkipped = cursorOf(event);
      return undefined;
    }
    const advancedTo = this.#lastSkipped;
    if (advancedTo === undefined) return { kind: 'event', event };
    this.#lastSkipped = undefined;
    this.#held = event;
    return { kind: 'advanced', skipped: this.#skipped, advancedTo };
  }

  #matches(event: AircEvent): boolean {
    const { kinds, delivery, headers = ANY_HEADERS } = this.#query;
    return (
      kinds?.includes(event.kind) !== false &&
      delivery?.includes(event.delivery) !== false &&
      matchesHeaders(headers, event.headers)
    );
  }
}
