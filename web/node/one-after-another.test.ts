import { describe, expect, it } from 'vitest';
import { oneAfterAnother } from './one-after-another.ts';

describe('oneAfterAnother', () => {
  it('begins nothing before what was asked for earlier has ended, well or badly', async () => {
    const inTurn = oneAfterAnother();
    const steps: string[] = [];
    const work = (name: string, fails = false) =>
      inTurn(async () => {
        steps.push(`${name} begins`);
        await Promise.resolve();
        await Promise.resolve();
        steps.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });
    const ends = await Promise.allSettled([work('restore'), work('pair', true), work('open model')]);
    expect(steps).toEqual([
      'restore begins',
      'restore ends',
      'pair begins',
      'pair ends',
      'open model begins',
      'open model ends',
    ]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});
