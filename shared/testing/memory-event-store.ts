/** Owns a disk for the embedded daemon's core that can fail, and that is what is left of it after a crash. */
import type { EventStore } from '../../companion/airc/embedded/event-store.ts';
import { compareCursors, cursorOf, type AircEvent, type Cursor, type Uuid } from '../airc/model.ts';
import { AppError } from '../errors.ts';

/** A core that crashes takes its queue with it; the next one is given the same store. */
export class MemoryEventStore implements EventStore {
  /** In order, all rooms together. */
  readonly events: AircEvent[] = [];
  /** How many events each commit held. */
  readonly commits: number[] = [];
  /** Reads of a backlog. */
  reads = 0;
  /** While set, nothing can be written. */
  isFull = false;
  #epoch = 0;
  #peerId: Uuid | undefined;

  begin(newPeerId: Uuid): { readonly epoch: number; readonly peerId: Uuid } {
    this.#epoch += 1;
    this.#peerId ??= newPeerId;
    return { epoch: this.#epoch, peerId: this.#peerId };
  }

  append(events: readonly AircEvent[]): void {
    if (this.isFull) throw new AppError('StorageFailed', 'The disk is full.');
    this.events.push(...events);
    this.commits.push(events.length);
  }

  after(channel: Uuid, after: Cursor, limit: number, upTo?: Cursor): readonly AircEvent[] {
    this.reads += 1;
    return this.#of(channel)
      .filter(
        (event) =>
          compareCursors(event, after) > 0 && (upTo === undefined || compareCursors(event, upTo) <= 0),
      )
      .slice(0, limit);
  }

  newest(channel: Uuid, limit: number): readonly AircEvent[] {
    return this.#of(channel).slice(-limit);
  }

  tip(channel: Uuid): Cursor | undefined {
    const last = this.#of(channel).at(-1);
    return last && cursorOf(last);
  }

  #of(channel: Uuid): AircEvent[] {
    return this.events.filter((event) => event.channel === channel);
  }
}
