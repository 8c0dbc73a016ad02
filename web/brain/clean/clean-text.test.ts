import { describe, expect, it } from 'vitest';
import { cleanText } from './clean-text.ts';

describe('cleanText', () => {
  it.each([
    ['Hello', 'Hello'],
    ['  Maya: Hello ', 'Hello'],
    ['maya : Hello', 'Hello'],
    ['Maya: Maya: Hello', 'Hello'],
    ['[12:30] Maya: Hello', 'Hello'],
    ['**Maya:** Hello', 'Hello'],
    ['**Maya**: Hello', 'Hello'],
    ['Note: take an umbrella', 'Note: take an umbrella'],
    ['Kira: is right', 'Kira: is right'],
    ['Mayah: not me', 'Mayah: not me'],
    ['I am Maya: a helper', 'I am Maya: a helper'],
    ['<think>hm\nhm</think>Yes.', 'Yes.'],
    ['<THINK>a</THINK> b <think>c</think> d', 'b  d'],
    ['<think>never closed', '<think>never closed'],
    ['a\n\n\n\nb', 'a\n\nb'],
    ['Maya:', ''],
    ['Yes.', 'Yes.'],
    ['Да, конечно', 'Да, конечно'],
  ])('%j becomes %j', (text, cleaned) => {
    expect(cleanText(text, 'Maya')).toBe(cleaned);
  });

  it('takes a name as it is, whatever signs it has', () => {
    expect(cleanText('M.ya: x', 'M.ya')).toBe('x');
    expect(cleanText('Maya: x', 'M.ya')).toBe('Maya: x');
  });
});
