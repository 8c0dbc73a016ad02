/**
 * Owns where the unread line stands. The node counts a line as read as soon as it was seen; the line stays where the
 * person came back to, until they leave again or say something.
 */
import type { RoomView } from '../../node/view.ts';

/** `arriving`: the room was opened a moment ago, and what was missed is still coming in. */
export type Presence = 'away' | 'arriving' | 'reading';

export class UnreadLine {
  #key: string | undefined;

  /** Of the item that the line stands above. */
  get key(): string | undefined {
    return this.#key;
  }

  follow(room: Pick<RoomView, 'unreadFromKey'>, presence: Presence): void {
    switch (presence) {
      case 'away':
        this.#key = room.unreadFromKey;
        return;
      case 'arriving':
        this.#key ??= room.unreadFromKey;
        return;
      case 'reading':
        return;
    }
  }

  /** Another room is opened; or the person said something, and so has read what stands above. */
  clear(): void {
    this.#key = undefined;
  }
}
