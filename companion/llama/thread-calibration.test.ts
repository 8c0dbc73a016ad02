import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../shared/testing/virtual-clock.ts';
import { tellCalibration } from './calibration.ts';
import { decideThreads } from './decided-threads.ts';
import { calibrate, type CalibrationDeps } from './thread-calibration.ts';

const CALIBRATION = {
  threads: 2,
  prefillTokensPerSecond: 50,
  trials: [
    { threads: 1, decodeTokensPerSecond: 8.25 },
    { threads: 2, decodeTokensPerSecond: 15.6 },
  ],
};

/** Of one thread; each further one is as good, up to `goodThreads`. */
class Machine {
  readonly clock = new VirtualClock();
  readonly aborter = new AbortController();
  readonly opened: number[] = [];
  openNow = 0;
  tokens = 0;
  /** Of the first token of all. */
  diskMs = 0;
  readonly deps: CalibrationDeps;

  constructor(maxThreads: number, tokenMs: number, goodThreads = maxThreads) {
    const pass = async (ms: number): Promise<void> => {
      await this.clock.advance(ms + this.diskMs);
      this.diskMs = 0;
    };
    this.deps = {
      maxThreads,
      clock: this.clock,
      signal: this.aborter.signal,
      open: (threads) => {
        this.opened.push(threads);
        this.openNow += 1;
        const slowed = threads > goodThreads ? 10 : 1;
        return Promise.resolve({
          decode: () => {
            this.tokens += 1;
            return pass((slowed * tokenMs) / threads);
          },
          prefill: (tokens) => pass((tokens * tokenMs) / threads / 4),
          dispose: () => {
            this.openNow -= 1;
            return Promise.resolve();
          },
        });
      },
    };
  }
}

describe('calibrate', () => {
  it('measures the speeds, takes the best, and how fast that reads', async () => {
    const machine = new Machine(8, 4, 4);
    const measured = await calibrate(machine.deps);
    expect(measured.threads).toBe(4);
    expect(measured.trials.map((trial) => trial.threads)).toEqual([1, 2, 4, 8]);
    expect(measured.trials.map((trial) => Math.round(trial.decodeTokensPerSecond))).toEqual([
      250, 500, 1000, 200,
    ]);
    expect(Math.round(measured.prefillTokensPerSecond)).toBe(4_000);
    expect(machine.openNow).toBe(0);
  });

  it('stops where more threads are slower', async () => {
    const machine = new Machine(16, 1, 1);
    expect((await calibrate(machine.deps)).trials.map((trial) => trial.threads)).toEqual([1, 2]);
    expect(machine.clock.monotonicMs()).toBeLessThan(300);
  });

  it('does not count the disk', async () => {
    const machine = new Machine(1, 10);
    machine.diskMs = 60_000;
    expect((await calibrate(machine.deps)).trials[0]?.decodeTokensPerSecond).toBeCloseTo(100);
  });

  it.each([
    ['a small one', 0.5],
    ['one of some gigabytes', 400],
    ['one that is too large for this machine', 5_000],
  ])('is done in seconds with %s', async (_, tokenMs) => {
    const machine = new Machine(16, tokenMs);
    const measured = await calibrate(machine.deps);
    expect(measured.threads).toBe(16);
    // Beside the time of the trials: a token more than planned on one thread, and a part of a prompt.
    expect(machine.clock.monotonicMs()).toBeLessThan(7_500);
  });

  it('ends between two tokens when it is aborted, and leaves nothing open', async () => {
    const machine = new Machine(4, 10);
    machine.clock.after(50, () => machine.aborter.abort(new Error('enough')));
    await expect(decideThreads('measure', machine.deps)).rejects.toThrow('enough');
    expect(machine.tokens).toBeLessThan(10);
    expect(machine.openNow).toBe(0);
  });
});

describe('decideThreads', () => {
  it('does as it is told, and measures nothing', async () => {
    const machine = new Machine(4, 10);
    expect(await decideThreads(3, machine.deps)).toMatchObject({ threads: 3, words: '3 threads' });
    const known = await decideThreads(CALIBRATION, machine.deps);
    expect(known).toMatchObject({ threads: 2, calibration: CALIBRATION });
    expect(known.words).toBe('2 threads (measured: 1 → 8.3, 2 → 16 tokens/s)');
    expect(machine.opened).toEqual([]);
  });

  it('measures where it is asked to', async () => {
    const { threads, words, calibration } = await decideThreads('measure', new Machine(2, 10).deps);
    expect(threads).toBe(2);
    expect(words).toBe('2 threads (measured: 1 → 100, 2 → 200 tokens/s)');
    expect(calibration && tellCalibration(calibration)).toBe(words);
  });

  it('leaves one core free where it cannot measure, and says so', async () => {
    const { deps } = new Machine(4, 10);
    const open = (): Promise<never> => Promise.reject(new Error('no memory'));
    expect(await decideThreads('measure', { ...deps, open })).toEqual({
      threads: 3,
      calibration: undefined,
      words: '3 threads (not measured: no memory)',
    });
  });
});
