/** Owns one room of the running daemon: its ring and who listens. */
import { compareCursors, type AircEvent, type Cursor, type Uuid } from '../../../shared/airc/model.ts';
import { EventRing } from './event-ring.ts';
import type { EventStore } from './event-store.ts';

/** Whoever listens to a room; told of every event in order, in the step in which it was stored. */
export interface Listener {
  push(event: AircEvent): void;
}

/** Events per read of the store while a listener catches up. */
const REPLAY_PAGE = 128;

export class Room {
  readonly #channel: Uuid;
  readonly #store: EventStore;
  readonly #ring: EventRing;
  readonly #listeners = new Set<Listener>();

  /** `now` is before every event that is still to come. */
  constructor(channel: Uuid, store: EventStore, now: Cursor) {
    this.#channel = channel;
    this.#store = store;
    this.#ring = new EventRing(now);
  }

  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  listen(listener: Listener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  accept(event: AircEvent): void {
    // Of the latest value only the latest counts: it is for who is there, never replayed.
    if (event.delivery !== 'ephemeral_latest') this.#ring.add(event);
    for (const listener of this.#listeners) listener.push(event);
  }

  /** The next events after `position`, oldest first; empty when there is nothing left to catch up with. */
  read(position: Cursor): readonly AircEvent[] {
    const { floor } = this.#ring;
    if (compareCursors(position, floor) < 0) {
      const stored = this.#store.after(this.#channel, position, REPLAY_PAGE, floor);
      if (stored.length > 0) return stored;
    }
    return this.#ring.after(position);
  }
}
