import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../testing/seeded-random.ts';
import { uuidV4 } from '../random.ts';
import { facetIndex, fnv1a64, hueOf } from './facet.ts';

describe('fnv1a64', () => {
  it.each([
    ['', 'cbf29ce484222325'],
    ['hello world', '779a65e7023cd2e7'],
    ['gender', 'a2032d71f130fec0'],
    ['agent_name', '7fd1d374afcbe400'],
    ['00000000-0000-0000-0000-000000000000', '7c384c6218f299f1'],
    ['9d17560c-dbb4-4f9e-86f0-4ceac5d2aff7', '24449a9c1f6200f7'],
  ])('of "%s"', (text, hex) => {
    expect(fnv1a64(text).toString(16)).toBe(hex);
  });
});

describe('facets', () => {
  const random = new SeededRandom(1);
  const ids = Array.from({ length: 4_000 }, () => uuidV4(random));

  it('reach every index of a list of even length, whatever another facet says', () => {
    const even = ids.filter((id) => facetIndex(id, 'one', 2) === 0);
    expect(new Set(even.map((id) => facetIndex(id, 'two', 60))).size).toBe(60);
  });

  it('give a colour that stays', () => {
    expect(ids.every((id) => hueOf(id) >= 0 && hueOf(id) < 360)).toBe(true);
    expect(hueOf('9d17560c-dbb4-4f9e-86f0-4ceac5d2aff7')).toBe(hueOf('9d17560c-dbb4-4f9e-86f0-4ceac5d2aff7'));
    expect(new Set(ids.slice(0, 100).map(hueOf)).size).toBeGreaterThan(70);
  });
});
