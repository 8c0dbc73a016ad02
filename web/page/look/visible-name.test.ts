import { describe, expect, it } from 'vitest';
import { visibleName } from './visible-name.ts';

describe('visibleName', () => {
  it.each([
    ['Maya', 'Maya'],
    ['  Ana \n María ', 'Ana María'],
    ['Ma\u200Bya\u2060', 'Maya'],
    ['\u202Eayam', 'ayam'],
    ['\u2066\u200B\u3164', '(no name)'],
    ['', '(no name)'],
    ['מאיה', 'מאיה'],
    ['<img src=x>', '<img src=x>'],
  ])('%j as %j', (name, shown) => {
    expect(visibleName(name)).toBe(shown);
  });

  it('cuts a name that would fill the page, at a whole character', () => {
    expect(visibleName('🦊'.repeat(100))).toBe(`${'🦊'.repeat(64)}…`);
  });
});
