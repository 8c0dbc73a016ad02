/**
 * Owns where the unread line stands. The node counts a line as read as soon as it was seen; the line stays where the
 * person came back to, until they leave again or say something.
 */
import type { RoomView } from '../../node/view.ts';

/** `arriving`: the room was opened a moment ago, and what was missed is still coming in. */
export type Presence = 'away' | 'arriving' | 'reading';

/** For so long after a room was opened, what was said before that may still come in: the companion is asked for it. */
const ARRIVING_MS = 4_000;

/** What is said while the person looks on is not missed, however soon after the opening it comes. */
export function presenceAt(
  nowMs: number,
  { openedAtMs, firstUnreadAtMs = Infinity, isEndSeen }: PresenceFacts,
): Presence {
  const isJustOpened = nowMs < openedAtMs + ARRIVING_MS;
  if (isJustOpened && firstUnreadAtMs < openedAtMs) return 'arriving';
  return isEndSeen ? 'reading' : 'away';
}

export interface PresenceFacts {
  readonly openedAtMs: number;
  /** When the first line was said that is not read; undefined where all are. */
  readonly firstUnreadAtMs: number | undefined;
  /** The end of the room is in sight of somebody. */
  readonly isEndSeen: boolean;
}

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
