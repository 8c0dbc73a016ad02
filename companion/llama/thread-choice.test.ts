import { describe, expect, it } from 'vitest';
import { bestThreads, nextTrial, threadCandidates, TRIALS_MS, type Trial } from './thread-choice.ts';

const trialsOf = (...speeds: readonly (readonly [threads: number, speed: number])[]): Trial[] =>
  speeds.map(([threads, decodeTokensPerSecond]) => ({ threads, decodeTokensPerSecond }));

describe('threadCandidates', () => {
  it.each([
    [0, [1]],
    [1, [1]],
    [2, [1, 2]],
    [6, [1, 2, 4, 6]],
    [16, [1, 2, 4, 8, 16]],
  ])('of %i cores doubles up to all of them', (cores, candidates) => {
    expect(threadCandidates(cores)).toEqual(candidates);
  });
});

describe('nextTrial', () => {
  it('begins with one thread, and a fair part of the time', () => {
    expect(nextTrial(2, [], TRIALS_MS)).toEqual({ threads: 1, limitMs: 2_000 });
    expect(nextTrial(16, [], TRIALS_MS)).toEqual({ threads: 1, limitMs: 1_200 });
  });

  it('ends when every number was tried', () => {
    expect(nextTrial(1, trialsOf([1, 300]), TRIALS_MS)).toBeUndefined();
    expect(nextTrial(2, trialsOf([1, 300], [2, 500]), TRIALS_MS)).toBeUndefined();
  });

  it('ends when more threads are slower, and goes on when they only seem to be', () => {
    expect(nextTrial(8, trialsOf([1, 100], [2, 94]), TRIALS_MS)).toBeUndefined();
    expect(nextTrial(8, trialsOf([1, 100], [2, 96]), TRIALS_MS)?.threads).toBe(4);
    expect(nextTrial(8, trialsOf([1, 100], [2, 180]), TRIALS_MS)?.threads).toBe(4);
  });

  it('gives a trial up that took twice as long as the best one, but never at the first pause of the machine', () => {
    expect(nextTrial(8, trialsOf([1, 640]), TRIALS_MS)?.limitMs).toBe(200);
    expect(nextTrial(8, trialsOf([1, 4_000]), TRIALS_MS)?.limitMs).toBe(100);
  });

  it('never gives one trial more than two seconds or than its part of what is left', () => {
    expect(nextTrial(8, trialsOf([1, 10]), TRIALS_MS)?.limitMs).toBe(2_000);
    expect(nextTrial(8, trialsOf([1, 10]), 1_500)?.limitMs).toBe(500);
  });

  it('goes to the most threads at once where a token takes longer than a trial may', () => {
    expect(nextTrial(16, trialsOf([1, 0.2]), 1_000)).toEqual({ threads: 16, limitMs: 1_000 });
    expect(nextTrial(16, trialsOf([1, 0.1]), -4_000)).toEqual({ threads: 16, limitMs: 0 });
    expect(nextTrial(16, trialsOf([1, 0.1], [16, 1.6]), -9_000)).toBeUndefined();
  });
});

describe('bestThreads', () => {
  it('takes the fastest', () => {
    expect(bestThreads(trialsOf([1, 100], [2, 180], [4, 320], [8, 250]))).toBe(4);
  });

  it('takes the fewest threads that are as good as the fastest', () => {
    expect(bestThreads(trialsOf([1, 100], [2, 180], [4, 189]))).toBe(2);
    expect(bestThreads(trialsOf([1, 100], [2, 180], [4, 190]))).toBe(4);
  });
});
