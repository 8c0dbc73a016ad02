import { describe, expect, it } from 'vitest';
import type { GenerateResult } from './generate.ts';
import { deadlineMs, learned } from './speeds.ts';

const result = (change: Partial<GenerateResult>): GenerateResult => ({
  text: '',
  finishReason: 'stop',
  promptTokens: 1_100,
  cachedTokens: 100,
  completionTokens: 21,
  firstTokenMs: 2_000,
  totalMs: 3_000,
  ...change,
});

describe('speeds', () => {
  it('are those of what was read anew, and of what followed the first token', () => {
    expect(learned({}, result({}), true)).toEqual({ prefillTokensPerSecond: 500, decodeTokensPerSecond: 20 });
  });

  it('take the newest for a part only', () => {
    const known = { prefillTokensPerSecond: 1_000, decodeTokensPerSecond: 10 };
    const { prefillTokensPerSecond, decodeTokensPerSecond } = learned(known, result({}), true);
    expect(prefillTokensPerSecond).toBeCloseTo(850);
    expect(decodeTokensPerSecond).toBeCloseTo(13);
  });

  it('are not learned from a few tokens, nor from no time at all', () => {
    const known = { prefillTokensPerSecond: 7, decodeTokensPerSecond: 8 };
    expect(learned(known, result({ cachedTokens: 1_090, completionTokens: 5 }), true)).toEqual(known);
    expect(learned(known, result({ firstTokenMs: 0, totalMs: 0 }), true)).toEqual(known);
  });

  it('are not learned of the reading where nobody tells what was in the cache', () => {
    expect(learned({}, result({}), false)).toEqual({ decodeTokensPerSecond: 20 });
  });

  it('give a turn three times as long as it takes, and never less than half a minute', () => {
    const speeds = { prefillTokensPerSecond: 100, decodeTokensPerSecond: 10 };
    expect(deadlineMs(speeds, 1_000, 200)).toBe(95_000);
    expect(deadlineMs(speeds, 100, 10)).toBe(30_000);
    expect(deadlineMs({ decodeTokensPerSecond: 10 }, 100, 10)).toBeUndefined();
  });
});
