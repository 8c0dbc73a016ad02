/** Owns the newest events of one room in memory: what an attach can still replay though it was never stored. */
import { compareCursors, cursorOf, type AircEvent, type Cursor } from '../../../shared/airc/model.ts';

const MAX_EVENTS = 256;
const MAX_PAYLOAD_BYTES = 1024 * 1024;

export class EventRing {
  readonly #events: AircEvent[] = [];
  #payloadBytes = 0;
  #floor: Cursor;

  /** `floor`: everything after it that is ever added is in the ring, or has moved the floor. */
  constructor(floor: Cursor) {
    this.#floor = floor;
  }

  /** What is not after it has to be read from the store. */
  get floor(): Cursor {
    return this.#floor;
  }

  add(event: AircEvent): void {
    this.#events.push(event);
    this.#payloadBytes += event.payload.length;
    while (this.#events.length > MAX_EVENTS || this.#payloadBytes > MAX_PAYLOAD_BYTES) {
      const oldest = this.#events.shift();
      if (oldest === undefined) return;
      this.#payloadBytes -= oldest.payload.length;
      this.#floor = cursorOf(oldest);
    }
  }

  after(cursor: Cursor): readonly AircEvent[] {
    return this.#events.filter((event) => compareCursors(event, cursor) > 0);
  }
}
