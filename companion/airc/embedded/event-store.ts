/** Owns the interface to the durable half of the embedded daemon: SQLite in the product, a simulated disk in tests. */
import type { AircEvent, Cursor, Uuid } from '../../../shared/airc/model.ts';

/**
 * Synchronous, so that numbering, storing and handing out an event is one step that nothing can come between. Every
 * method throws `StorageFailed`.
 */
export interface EventStore {
  /**
   * Counts a start: the epoch is one more than at the last start, durably, before this returns. `newPeerId` becomes the
   * daemon's own id where it has none yet.
   */
  begin(newPeerId: Uuid): { readonly epoch: number; readonly peerId: Uuid };
  /** All or nothing; when it returns, all of it survives a crash. Events come in ascending order. */
  append(events: readonly AircEvent[]): void;
  /** Ascending, strictly after `after`, not after `upTo`. At most `limit`, fewer where they are big, never none. */
  after(channel: Uuid, after: Cursor, limit: number, upTo?: Cursor): readonly AircEvent[];
  /** The last `limit` of the room, ascending; fewer where they are big. */
  newest(channel: Uuid, limit: number): readonly AircEvent[];
  tip(channel: Uuid): Cursor | undefined;
}
