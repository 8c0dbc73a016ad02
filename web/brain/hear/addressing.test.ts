import { describe, expect, it } from 'vitest';
import { addressingOf, isAddressedTo } from './addressing.ts';

const KNOWN = ['Maya', 'Kira', 'Ada', 'Ann (ops)', 'peer-1a2b3c4d'];

describe('addressingOf', () => {
  it.each([
    ['@Maya what time is it', ['Maya']],
    ['what do you think @maya?', ['Maya']],
    ['(@Kira) look', ['Kira']],
    ['@Bob and @Kira please', ['Bob', 'Kira']],
    ['Maya, what time is it?', ['Maya']],
    ['maya: hello', ['Maya']],
    ['Maya?', ['Maya']],
    ['Maya', ['Maya']],
    ['Hi Maya', ['Maya']],
    ['hello maya, how are you', ['Maya']],
    ['Good morning Kira and Maya!', ['Kira', 'Maya']],
    ['Maya, Kira: both of you', ['Maya', 'Kira']],
    ['thanks Kira that helped', ['Kira']],
    ['Is that so, Maya?', ['Maya']],
    ['Come here, Kira', ['Kira']],
    ['Ann (ops), can you look', ['Ann (ops)']],
    ['peer-1a2b3c4d: are you there', ['peer-1a2b3c4d']],
    ['I saw Maya yesterday', []],
    ['Maya is nice', []],
    ['Canada, too', []],
    ['Adam, hello', []],
    ['mail me at me@maya.org', []],
    ['Maya-like things', []],
    ['', []],
    ['Nobody here?', []],
  ])('of "%s"', (text, names) => {
    expect(addressingOf(text, KNOWN).names).toEqual(names);
  });

  it('knows a call to everyone', () => {
    expect(addressingOf('@all lunch?', KNOWN)).toEqual({ names: [], everyone: true });
    expect(isAddressedTo('@everyone hello', 'Maya')).toBe(true);
    expect(isAddressedTo('all the best', 'Maya')).toBe(false);
  });

  it('takes a name as it is, whatever signs it has', () => {
    expect(isAddressedTo('M.ya, hello', 'M.ya')).toBe(true);
    expect(isAddressedTo('Maya, hello', 'M.ya')).toBe(false);
    expect(isAddressedTo('Zoë, hello', 'Zoë')).toBe(true);
    expect(isAddressedTo('hello', '')).toBe(false);
  });

  it('answers at once for a text made to be slow', () => {
    const started = performance.now();
    for (const text of [
      '@'.repeat(50_000),
      'Maya, '.repeat(20_000),
      ` ${'Maya '.repeat(20_000)}x`,
      'hi '.repeat(30_000),
    ])
      addressingOf(text, KNOWN);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
