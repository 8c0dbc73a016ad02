import { describe, expect, it } from 'vitest';
import { fitsBeside, type Work } from './work.ts';

const of = (modelId: string, alone = false): Work => ({ modelId, alone });

describe('fitsBeside', () => {
  it('lets calls of one model in together, as many as it takes', () => {
    const inside = [of('a'), of('a')];
    expect([2, 3].map((places) => fitsBeside(of('a'), inside, places))).toEqual([false, true]);
  });

  it('lets another model wait until nobody is inside', () => {
    expect(fitsBeside(of('b'), [of('a')], 4)).toBe(false);
    expect(fitsBeside(of('b'), [], 1)).toBe(true);
  });

  it('lets nobody in beside who has to be alone, nor that one beside anybody', () => {
    expect(fitsBeside(of('a'), [of('a', true)], 4)).toBe(false);
    expect(fitsBeside(of('a', true), [of('a')], 4)).toBe(false);
    expect(fitsBeside(of('a', true), [], 4)).toBe(true);
  });
});
