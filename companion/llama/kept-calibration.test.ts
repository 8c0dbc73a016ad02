import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLlamaRig, type LlamaRig } from '../../e2e/models/llama-rig.ts';
import { CalibrationBook, type KeptCalibration } from './calibration-book.ts';

const MACHINE = { cores: 2, cpu: 'a test', memoryBytes: 2 ** 34 };
const NEVER = new AbortController().signal;
let rig: LlamaRig;

beforeAll(async () => {
  rig = await startLlamaRig();
});
afterAll(() => rig.stop());

describe('a backend that measures', () => {
  it('measures a model once, and takes what was measured from then on', async () => {
    const saved: KeptCalibration[][] = [];
    const calibrations = new CalibrationBook([], async (kept) => {
      saved.push([...kept]);
    });
    const first = await (await rig.start({ machine: MACHINE, calibrations })).open('random', NEVER);
    expect(saved).toMatchObject([[{ model: 'random', cores: 2, cpu: 'a test' }]]);
    const [{ measured, release }] = saved[0] as [KeptCalibration];
    expect(measured).toMatchObject({ threads: first.threads });
    expect(measured.trials[0]?.threads).toBe(1);
    expect(measured.prefillTokensPerSecond).toBeGreaterThan(1);
    expect(first.evidence).toContain(`llama.cpp ${release} `);

    const again = await (await rig.start({ machine: MACHINE, calibrations })).open('random', NEVER);
    expect(again.evidence).toBe(first.evidence);
    const other = { ...MACHINE, cpu: 'another' };
    await (await rig.start({ machine: other, calibrations })).open('random', NEVER);
    expect(saved.map((kept) => kept.length)).toEqual([1, 2]);
  });

  it('opens a model also where what it measured cannot be saved', async () => {
    const calibrations = new CalibrationBook([], () => Promise.reject(new Error('the disk is full')));
    const mine = await rig.start({ calibrations });
    expect((await mine.open('plumbing', NEVER)).evidence).toContain('(measured: 1 → ');
  });
});
