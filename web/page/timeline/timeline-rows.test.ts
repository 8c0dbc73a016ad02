import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TimelineItem } from '../../node/view.ts';
import { HistoryWindow, NEWEST_SHOWN } from './history-window.ts';
import { timelineRows } from './timeline-rows.ts';
import { UnreadLine } from './unread-line.ts';

const NOON = new Date(2026, 10, 24, 12).getTime();
const MINUTE = 60_000;

function item(key: string, more: Partial<TimelineItem> = {}): TimelineItem {
  return {
    key,
    peerId: 'maya',
    name: 'Maya',
    kind: 'persona',
    text: key,
    atMs: NOON,
    self: false,
    signature: 'valid',
    delivery: { state: 'in-room' },
    ...more,
  };
}

const shape = (items: TimelineItem[], unread?: string) =>
  timelineRows(items, unread).map((row) =>
    row.kind === 'message' ? `${row.continues ? '+' : ''}${row.item.key}` : row.kind,
  );

describe('timelineRows', () => {
  it('draws what follows closely without the name', () => {
    expect(
      shape([item('a'), item('b', { atMs: NOON + 4 * MINUTE }), item('c', { atMs: NOON + 9 * MINUTE })]),
    ).toEqual(['day', 'a', '+b', 'c']);
  });

  it('begins every day, and what is unread, anew', () => {
    const items = [item('a'), item('b'), item('c', { atMs: NOON + 24 * 60 * MINUTE })];
    expect(shape(items, 'b')).toEqual(['day', 'a', 'unread', 'b', 'day', 'c']);
  });

  it.each([
    { name: 'Maia' },
    { peerId: 'other' },
    { signature: 'invalid' as const },
    { kind: 'human' as const },
    { atMs: NOON - 1 },
  ])('shows who speaks when %j', (more) => {
    expect(shape([item('a'), item('b', more)])).toEqual(['day', 'a', 'b']);
  });

  it('gives every row a key of its own, whatever the keys of the items are', () => {
    const anyItem = fc
      .record({ key: fc.string(), atMs: fc.integer({ min: 0, max: 4e12 }) })
      .map(({ key, atMs }) => item(key, { atMs }));
    const anyItems = fc.uniqueArray(anyItem, { selector: ({ key }) => key, maxLength: 30 });
    fc.assert(
      fc.property(anyItems, fc.nat(29), (items, unreadAt) => {
        const rows = timelineRows(items, items[unreadAt]?.key);
        expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
        expect(rows.filter(({ kind }) => kind === 'message')).toHaveLength(items.length);
      }),
    );
  });
});

describe('HistoryWindow', () => {
  const items = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => item(`k${from + i}`));

  it('draws the newest, and keeps its beginning while more comes', () => {
    const window = new HistoryWindow();
    expect(window.firstIndex(items(0, 500))).toBe(500 - NEWEST_SHOWN);
    expect(window.firstIndex(items(0, 510))).toBe(500 - NEWEST_SHOWN);
    window.reset();
    expect(window.firstIndex(items(0, 510))).toBe(510 - NEWEST_SHOWN);
  });

  it('draws a page more when asked, of what is there or as soon as it comes', () => {
    const window = new HistoryWindow();
    window.firstIndex(items(400, 620));
    window.wantOlder();
    expect(window.firstIndex(items(400, 620))).toBe(0);
    window.wantOlder();
    expect(window.firstIndex(items(400, 620))).toBe(0);
    expect(window.firstIndex(items(300, 620))).toBe(0);
    expect(window.firstIndex(items(200, 620))).toBe(100);
  });

  it('begins at the newest again when its first line is gone', () => {
    const window = new HistoryWindow();
    window.firstIndex(items(0, 300));
    expect(window.firstIndex(items(200, 800))).toBe(600 - NEWEST_SHOWN);
  });

  it('has nothing to draw of nothing', () => {
    expect(new HistoryWindow().firstIndex([])).toBe(0);
  });
});

describe('UnreadLine', () => {
  const room = (unreadFromKey?: string) => (unreadFromKey === undefined ? {} : { unreadFromKey });

  it('stands where the person came back to, while they read', () => {
    const line = new UnreadLine();
    line.follow(room(), 'reading');
    line.follow(room('m1'), 'away');
    line.follow(room('m1'), 'reading');
    line.follow(room(), 'reading');
    expect(line.key).toBe('m1');
    line.follow(room('m9'), 'reading');
    expect(line.key).toBe('m1');
    line.follow(room(), 'away');
    expect(line.key).toBeUndefined();
  });

  it('is not drawn above what comes while they read', () => {
    const line = new UnreadLine();
    line.follow(room('m1'), 'reading');
    expect(line.key).toBeUndefined();
  });

  it('stands above the first of what was missed, also when that comes in bit by bit and is read at once', () => {
    const line = new UnreadLine();
    line.follow(room(), 'arriving');
    line.follow(room('m1'), 'arriving');
    line.follow(room(), 'arriving');
    line.follow(room('m7'), 'arriving');
    expect(line.key).toBe('m1');
  });

  it('goes when they speak', () => {
    const line = new UnreadLine();
    line.follow(room('m1'), 'arriving');
    line.clear();
    line.follow(room('m2'), 'reading');
    expect(line.key).toBeUndefined();
  });
});
