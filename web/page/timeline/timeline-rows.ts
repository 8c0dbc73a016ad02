/** Owns the order of what stands on the timeline: days, the unread line, and messages that follow each other closely. */
import type { TimelineItem } from '../../node/view.ts';

export type TimelineRow =
  | { readonly kind: 'day'; readonly key: string; readonly atMs: number }
  | { readonly kind: 'unread'; readonly key: string }
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly item: TimelineItem;
      /** Said by the same person right after the line above: drawn without the name. */
      readonly continues: boolean;
    };

const CONTINUES_WITHIN_MS = 5 * 60_000;

/** Every row has a key of its own. `unreadKey` is the item that the unread line stands above. */
export function timelineRows(
  items: readonly TimelineItem[],
  unreadKey: string | undefined,
): readonly TimelineRow[] {
  const rows: TimelineRow[] = [];
  let above: TimelineItem | undefined;
  for (const item of items) {
    if (!above || !isSameDay(above.atMs, item.atMs)) {
      rows.push({ kind: 'day', key: `day ${item.key}`, atMs: item.atMs });
      above = undefined;
    }
    if (item.key === unreadKey) {
      rows.push({ kind: 'unread', key: 'unread' });
      above = undefined;
    }
    rows.push({
      kind: 'message',
      key: `message ${item.key}`,
      item,
      continues: above !== undefined && doesContinue(above, item),
    });
    above = item;
  }
  return rows;
}

/** Whoever differs in anything that is shown beside the name is shown with it. */
function doesContinue(above: TimelineItem, item: TimelineItem): boolean {
  const passedMs = item.atMs - above.atMs;
  return (
    above.peerId === item.peerId &&
    above.name === item.name &&
    above.kind === item.kind &&
    above.signature === item.signature &&
    passedMs >= 0 &&
    passedMs < CONTINUES_WITHIN_MS
  );
}

function isSameDay(oneMs: number, otherMs: number): boolean {
  return new Date(oneMs).toDateString() === new Date(otherMs).toDateString();
}
