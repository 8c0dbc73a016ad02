/** Owns how much of a long history is drawn: the newest lines, and what the person paged back to. */
import type { TimelineItem } from '../../node/view.ts';

/** Lines drawn when a room is opened, and again whenever the person is back at its end. */
export const NEWEST_SHOWN = 200;
const PAGE = 100;

/**
 * Follows the items of one room. A key, not an index, says where the drawn part begins: older items come in front, and
 * the node lets go of the oldest in a busy room.
 */
export class HistoryWindow {
  #firstKey: string | undefined;
  #pagesWanted = 0;

  /** The person asked for older lines: as soon as there are some in front of those drawn, a page of them is drawn. */
  wantOlder(): void {
    this.#pagesWanted = 1;
  }

  /** The person is back at the end. */
  reset(): void {
    this.#firstKey = undefined;
    this.#pagesWanted = 0;
  }

  /** Index of the first item to draw. */
  firstIndex(items: readonly TimelineItem[]): number {
    const newest = Math.max(0, items.length - NEWEST_SHOWN);
    const kept = this.#firstKey === undefined ? -1 : items.findIndex(({ key }) => key === this.#firstKey);
    let first = kept === -1 ? newest : kept;
    if (this.#pagesWanted > 0 && first > 0) {
      first = Math.max(0, first - PAGE);
      this.#pagesWanted = 0;
    }
    this.#firstKey = items.at(first)?.key;
    return first;
  }
}
