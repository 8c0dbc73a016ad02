import { expect, it } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { TokenBucket } from './token-bucket.ts';

it('gives its burst at once, then what refills, and never saves up more', () => {
  let nowMs = 0;
  const bucket = new TokenBucket({ ...systemClock, monotonicMs: () => nowMs }, 3, 0.1);
  const takeAll = (): number => {
    let taken = 0;
    while (bucket.take()) taken += 1;
    return taken;
  };
  expect(takeAll()).toBe(3);
  nowMs += 20;
  expect(takeAll()).toBe(2);
  nowMs += 1_000_000;
  expect(takeAll()).toBe(3);
});
