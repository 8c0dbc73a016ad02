import { describe, expect, it } from 'vitest';
import { presenceAt, UnreadLine, type PresenceFacts } from './unread-line.ts';

const OPENED: PresenceFacts = { openedAtMs: 10_000, firstUnreadAtMs: undefined, isEndSeen: true };

describe('where somebody is in a room', () => {
  it('is arriving while what was said before the opening comes in, and for a moment only', () => {
    const facts = { ...OPENED, firstUnreadAtMs: 9_000 };
    expect(presenceAt(11_000, facts)).toBe('arriving');
    expect(presenceAt(14_000, facts)).toBe('reading');
  });

  it('is reading at once where all that is new was said since', () => {
    expect(presenceAt(10_500, { ...OPENED, firstUnreadAtMs: 10_400 })).toBe('reading');
    expect(presenceAt(10_500, OPENED)).toBe('reading');
  });

  it('is away where the end is out of sight', () => {
    expect(presenceAt(20_000, { ...OPENED, isEndSeen: false })).toBe('away');
  });
});

describe('the unread line', () => {
  it('stands where the person came back to, until they leave again or speak', () => {
    const line = new UnreadLine();
    line.follow({ unreadFromKey: 'a' }, 'arriving');
    line.follow({ unreadFromKey: 'b' }, 'arriving');
    line.follow({}, 'reading');
    expect(line.key).toBe('a');
    line.follow({ unreadFromKey: 'c' }, 'away');
    expect(line.key).toBe('c');
    line.clear();
    expect(line.key).toBeUndefined();
  });
});
