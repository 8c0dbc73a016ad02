import { describe, expect, it } from 'vitest';
import { budgetFor } from './turn-budget.ts';

describe('the budget of a turn', () => {
  it.each([
    [2_048, undefined, { prompt: 1_536, system: 204, completion: 512, sourceCap: 1_228 }],
    [8_192, undefined, { prompt: 6_144, system: 512, completion: 2_048, sourceCap: 4_915 }],
    [512, undefined, { prompt: 256, system: 128, completion: 256, sourceCap: 307 }],
    // Fast enough for all of it.
    [8_192, 1_000, { prompt: 6_144, system: 512, completion: 2_048, sourceCap: 4_915 }],
    // 100 tokens/s for 20 s.
    [8_192, 100, { prompt: 6_144, system: 512, completion: 2_048, sourceCap: 2_000 }],
    // However slow it is, she knows what was said last.
    [8_192, 1, { prompt: 6_144, system: 512, completion: 2_048, sourceCap: 512 }],
    [512, 1, { prompt: 256, system: 128, completion: 256, sourceCap: 307 }],
  ])('of %i tokens of context, read at %s tokens/s', (contextTokens, speed, budget) => {
    const speeds = speed === undefined ? {} : { prefillTokensPerSecond: speed };
    expect(budgetFor(contextTokens, speeds, 20_000)).toEqual(budget);
  });
});
