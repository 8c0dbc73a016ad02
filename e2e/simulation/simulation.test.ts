import { describe, expect, it } from 'vitest';
import { cursorBeforeRows, trustingOutbox, withoutDedup } from './mutations.ts';
import { simulate } from './simulate.ts';

const SEEDS = Number(process.env['SIM_SEEDS'] ?? 100);
const FIRST_SEED = Number(process.env['SIM_FIRST_SEED'] ?? 1);

describe('the whole node under one seed', () => {
  it(`breaks no invariant in ${SEEDS} seeds`, { timeout: 60_000 + SEEDS * 2_000 }, async () => {
    const sums = { events: 0, answers: 0, faults: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      const { violations, stats } = await simulate(seed);
      expect(violations, `SIM_FIRST_SEED=${seed} SIM_SEEDS=1 shows it again`).toEqual([]);
      sums.events += stats.events;
      sums.answers += stats.answers;
      sums.faults += stats.faults;
    }
    const { events, answers, faults } = sums;
    console.info(`simulation: ${SEEDS} seeds, ${events} events, ${answers} answers, ${faults} faults`);
    expect(answers).toBeGreaterThan(SEEDS);
  });

  it('is the same run for the same seed', async () => {
    expect(await simulate(FIRST_SEED)).toEqual(await simulate(FIRST_SEED));
  });
});

describe('the oracle', () => {
  it.each([
    ['the log does not look for what it has', withoutDedup, 'twice'],
    ['the cursor is stored before the rows', cursorBeforeRows, 'the cursor is past'],
    ['acknowledged means stored', trustingOutbox, '0 times in the room'],
  ])('goes red when %s', { timeout: 120_000 }, async (_what, mutation, sign) => {
    const found: string[] = [];
    for (let seed = 1; seed <= 50 && !found.some((violation) => violation.includes(sign)); seed += 1) {
      found.push(...(await simulate(seed, mutation)).violations);
    }
    expect(found).toContainEqual(expect.stringContaining(sign));
  });
});
