import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocateBudget, type BudgetClaim } from './flexbox-budget.ts';
import { budgetFor } from './turn-budget.ts';

const claim = (
  sourceId: string,
  [floor, min, max]: readonly [number, number, number],
  priority: number,
  required = false,
): BudgetClaim => ({ sourceId, floor, min, max, priority, required });

const amounts = (available: number, ...claims: BudgetClaim[]): number[] =>
  allocateBudget(available, claims).allocations.map(({ allocated }) => allocated);

describe('reserves and claims of one weight', () => {
  it.each([
    [1_024, 128, 256, 640, 614, 614, 0, 26],
    [2_048, 204, 512, 1_332, 1_228, 666, 666, 0],
    [4_096, 409, 1_024, 2_663, 2_457, 1_332, 1_331, 0],
    [8_192, 512, 2_048, 5_632, 4_915, 2_816, 2_816, 0],
    [32_768, 512, 4_000, 28_256, 19_660, 14_128, 14_128, 0],
    [131_072, 512, 4_000, 126_560, 78_643, 63_280, 63_280, 0],
    [200_000, 512, 4_000, 195_488, 120_000, 97_744, 97_744, 0],
  ])('of %i tokens', (context, system, completion, available, cap, first, second, left) => {
    const reserves = budgetFor(context, {}, 20_000);
    expect(reserves).toEqual({ prompt: context - completion, system, completion, sourceCap: cap });
    expect(context - system - completion).toBe(available);
    const floor = Math.min(500, cap);
    // In the order of their names: that is how equal priorities are served.
    const budget = allocateBudget(available, [
      claim('a', [floor, floor, cap], 10),
      claim('b', [floor, floor, cap], 10),
    ]);
    expect(budget.allocations.map(({ allocated }) => allocated)).toEqual([first, second]);
    expect(budget.unallocated).toBe(left);
  });

  it.each([
    [2_048, 1_332, 1_228, 104],
    [32_768, 28_256, 19_660, 8_596],
  ])('with one source, of %i tokens', (context, available, expected, left) => {
    const cap = budgetFor(context, {}, 20_000).sourceCap;
    expect(allocateBudget(available, [claim('a', [500, 500, cap], 10)])).toMatchObject({
      allocations: [{ allocated: expected, state: 'satisfied' }],
      unallocated: left,
    });
  });
});

describe('allocateBudget', () => {
  it('grows by priority', () => {
    expect(amounts(10_000, claim('a', [100, 500, 50_000], 10), claim('b', [100, 500, 50_000], 5))).toEqual([
      6_500, 3_500,
    ]);
    expect(amounts(2_000, claim('a', [500, 500, 1_000], 10), claim('b', [200, 600, 1_500], 5))).toEqual([
      1_000, 1_000,
    ]);
  });

  it('leaves over what nobody may have', () => {
    const budget = allocateBudget(10_000, [claim('tiny', [0, 0, 100], 10), claim('big', [0, 0, 9_000], 5)]);
    expect(budget.allocations.map(({ allocated }) => allocated)).toEqual([100, 9_000]);
    expect(budget.unallocated).toBe(900);
  });

  it('escalates when a required floor does not fit', () => {
    const budget = allocateBudget(100, [
      claim('a', [200, 200, 500], 10, true),
      claim('b', [200, 200, 500], 10, true),
    ]);
    expect(budget).toMatchObject({
      allocations: [
        { allocated: 100, state: 'under-provisioned' },
        { allocated: 0, state: 'under-provisioned' },
      ],
      escalationNeeded: true,
    });
  });

  it('drops an optional source before a required one', () => {
    const budget = allocateBudget(300, [
      claim('optional', [200, 200, 500], 3),
      claim('needed', [200, 200, 500], 10, true),
    ]);
    expect(budget).toMatchObject({
      allocations: [
        { allocated: 0, state: 'dropped' },
        { allocated: 300, state: 'satisfied' },
      ],
      escalationNeeded: false,
    });
  });

  it('gives nothing when the reserves take everything', () => {
    const budget = allocateBudget(0, [claim('a', [0, 10, 20], 1), claim('b', [0, 0, 20], 1, true)]);
    expect(budget).toMatchObject({
      allocations: [{ state: 'dropped' }, { state: 'under-provisioned' }],
      escalationNeeded: true,
    });
  });

  it('refuses two claims of one source', () => {
    expect(() => allocateBudget(9, [claim('a', [0, 0, 1], 1), claim('a', [0, 0, 1], 1)])).toThrowError(
      expect.objectContaining({ code: 'Internal' }) as Error,
    );
  });

  it('shares all there is, to nobody more than the most, whatever the order of the claims', () => {
    const claims = fc.uniqueArray(
      fc.record({
        sourceId: fc.string({ minLength: 1, maxLength: 3 }),
        floor: fc.nat(400),
        more: fc.nat(400),
        most: fc.nat(4_000),
        priority: fc.nat(20),
        required: fc.boolean(),
      }),
      { selector: ({ sourceId }) => sourceId, maxLength: 6 },
    );
    fc.assert(
      fc.property(fc.integer({ min: -100, max: 8_000 }), claims, fc.nat(), (available, drawn, turn) => {
        const list = drawn.map(({ sourceId, floor, more, most, priority, required }) =>
          claim(sourceId, [floor, floor + more, floor + more + most], priority, required),
        );
        const budget = allocateBudget(available, list);
        const sum = budget.allocations.reduce((total, { allocated }) => total + allocated, 0);
        expect(sum + budget.unallocated).toBe(Math.max(0, available));
        for (const [index, { allocated, state }] of budget.allocations.entries()) {
          expect(allocated).toBeLessThanOrEqual(list[index]!.max);
          if (list[index]!.floor === 0 && available > 0) expect(state).not.toBe('dropped');
        }
        const start = list.length === 0 ? 0 : turn % list.length;
        const turned = [...list.slice(start), ...list.slice(0, start)];
        const byId = (result: typeof budget) =>
          new Map(result.allocations.map(({ sourceId, allocated }) => [sourceId, allocated]));
        expect(byId(allocateBudget(available, turned))).toEqual(byId(budget));
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
