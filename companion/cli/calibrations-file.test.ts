import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { createLogger } from '../../shared/log.ts';
import { systemRandom } from '../../shared/random.ts';
import { MAX_CALIBRATIONS, type CalibrationBook, type CalibrationKey } from '../llama/calibration-book.ts';
import { openCalibrations } from './calibrations-file.ts';

const MEASURED = {
  threads: 2,
  prefillTokensPerSecond: 900,
  trials: [
    { threads: 1, decodeTokensPerSecond: 100 },
    { threads: 2, decodeTokensPerSecond: 180 },
  ],
};
const keyOf = (model: number): CalibrationKey => ({
  model: model.toString(16).padStart(64, '0'),
  cores: 4,
  cpu: 'a processor',
  release: 'v1',
});
const KEY = keyOf(1);

let folder: string;
let path: string;
let events: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'calibrations-'));
  path = join(folder, 'calibrations.json');
  events = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (): Promise<CalibrationBook> =>
  openCalibrations(path, {
    random: systemRandom,
    log: createLogger(({ event }) => events.push(event), systemClock),
  });

describe('the file of the measured speeds', () => {
  it('is for its owner alone, and its speeds are found again after a restart', async () => {
    const book = await open();
    expect(book.find(KEY)).toBeUndefined();
    await book.keep(KEY, MEASURED);
    expect(book.find(KEY)).toEqual(MEASURED);
    expect((await open()).find(KEY)).toEqual(MEASURED);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(events).toEqual([]);
  });

  it.each([{ model: keyOf(2).model }, { cores: 8 }, { cpu: 'another processor' }, { release: 'v2' }])(
    'tells nothing about another model or machine: %o',
    async (other) => {
      await (await open()).keep(KEY, MEASURED);
      expect((await open()).find({ ...KEY, ...other })).toBeUndefined();
    },
  );

  it('keeps the latest of one model, and forgets the oldest of too many', async () => {
    const book = await open();
    for (let model = 1; model <= MAX_CALIBRATIONS; model += 1) await book.keep(keyOf(model), MEASURED);
    await book.keep(keyOf(2), { ...MEASURED, threads: 1 });
    expect((await open()).find(KEY)).toEqual(MEASURED);
    await book.keep(keyOf(1_000), MEASURED);
    const again = await open();
    expect(again.find(KEY)).toBeUndefined();
    expect(again.find(keyOf(2))?.threads).toBe(1);
    expect(again.find(keyOf(3))).toEqual(MEASURED);
    expect(again.find(keyOf(1_000))).toEqual(MEASURED);
  });

  it('asks for no more threads than there are cores, whatever the file says', async () => {
    await (await open()).keep(KEY, { ...MEASURED, threads: 5 });
    expect((await open()).find(KEY)).toBeUndefined();
  });

  it.each(['{', '{"version":2,"calibrations":[]}', '{"version":1,"calibrations":[{"model":"m","cores":0}]}'])(
    'is made anew where it is damaged: %s',
    async (text) => {
      await writeFile(path, text);
      const book = await open();
      expect(events).toEqual(['calibrations_renewed']);
      expect(book.find(KEY)).toBeUndefined();
      expect(await readFile(path, 'utf8')).toBe(text);
      await book.keep(KEY, MEASURED);
      expect((await open()).find(KEY)).toEqual(MEASURED);
    },
  );
});
