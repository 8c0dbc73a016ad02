import { describe, expect, it } from 'vitest';
import { createKeptPrefix } from './kept-prefix.ts';

describe('the kept prefix', () => {
  it.each([
    ['nothing was read', [], [1, 2, 3], 0],
    ['more was said in the room', [1, 2, 3, 9], [1, 2, 3, 4, 9], 3],
    ['the same again: its last token has to be read', [1, 2, 3], [1, 2, 3], 2],
    ['a shorter one', [1, 2, 3, 4], [1, 2], 1],
    ['its beginning is another', [1, 2, 3], [4, 2, 3], 0],
    ['a token in the middle is another', [1, 2, 3, 4, 5], [1, 2, 7, 4, 5], 2],
    ['one token', [1], [1], 0],
    ['no token', [1], [], 0],
  ])('%s', (_what, read, next, kept) => {
    const prefix = createKeptPrefix();
    prefix.take(read);
    prefix.confirm();
    expect(prefix.take(next)).toBe(kept);
  });

  it('counts nothing as read whose reading may have failed half-way', () => {
    const prefix = createKeptPrefix();
    prefix.take([1, 2, 3]);
    prefix.confirm();
    expect(prefix.take([1, 2, 3, 4])).toBe(3);
    expect(prefix.take([1, 2, 3, 4])).toBe(0);
    prefix.confirm();
    prefix.confirm();
    expect(prefix.take([1, 2, 3, 4, 5])).toBe(4);
  });

  it('knows nothing of an answer that broke off, and is not told otherwise afterwards', () => {
    const prefix = createKeptPrefix();
    prefix.take([1, 2, 3]);
    prefix.confirm();
    prefix.forget();
    prefix.confirm();
    expect(prefix.take([1, 2, 3])).toBe(0);
  });
});
