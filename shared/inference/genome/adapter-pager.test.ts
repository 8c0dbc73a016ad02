import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { createAdapterPager, DEFAULT_BUDGET_BYTES, type AdapterPager, type Skill } from './adapter-pager.ts';

/** A pager on a clock that is set by hand, in seconds. */
function stage(budgetBytes: number | undefined, ...skills: readonly Skill[]) {
  let nowS = 0;
  const clock = { monotonicMs: () => nowS * 1_000 };
  const pager = createAdapterPager({ clock, ...(budgetBytes === undefined ? {} : { budgetBytes }) });
  for (const skill of skills) pager.register(skill);
  return {
    pager,
    at: (seconds: number): AdapterPager => {
      nowS = seconds;
      return pager;
    },
  };
}

const skill = (name: string, sizeBytes: number, priority?: number): Skill => ({
  name,
  sizeBytes,
  ...(priority === undefined ? {} : { priority }),
});

describe('activateSkill', () => {
  it('knows nobody whom nobody registered, and lets nobody go for him', () => {
    const { pager } = stage(100, skill('a', 100));
    pager.activateSkill('a');
    expect(pager.activateSkill('b')).toEqual({ activated: false, adapterName: 'b', evicted: [] });
    expect(pager.usedBytes).toBe(100);
  });

  it('asks for what is not held to be loaded, and once only', () => {
    const { pager } = stage(100, skill('a', 60));
    expect(pager.usedBytes).toBe(0);
    expect(pager.activateSkill('a')).toEqual({
      activated: true,
      adapterName: 'a',
      evicted: [],
      toLoad: 'a',
    });
    expect(pager.activateSkill('a')).toEqual({ activated: true, adapterName: 'a', evicted: [] });
    expect(pager.usedBytes).toBe(60);
  });

  it('lets nobody go while everything fits, to the last byte', () => {
    const { at } = stage(100, skill('a', 60), skill('b', 40), skill('c', 1));
    at(0).activateSkill('a');
    expect(at(1_000).activateSkill('b').evicted).toEqual([]);
    expect(at(2_000).activateSkill('c').evicted).toEqual(['a']);
  });

  it('lets the longest unused go first, and no more than the new one needs', () => {
    const { at, pager } = stage(100, ...['a', 'b', 'c'].map((name) => skill(name, 30)), skill('d', 40));
    for (const [second, name] of ['b', 'c', 'a'].entries()) at(second).activateSkill(name);
    expect(at(10).activateSkill('d')).toMatchObject({ evicted: ['b'], toLoad: 'd' });
    expect(pager.usedBytes).toBe(100);
  });

  it('counts a use of what is held as a use', () => {
    const { at } = stage(100, skill('a', 50), skill('b', 50), skill('c', 50));
    at(0).activateSkill('a');
    at(1).activateSkill('b');
    at(2).activateSkill('a');
    expect(at(3).activateSkill('c').evicted).toEqual(['b']);
  });

  it.each([
    // Age in seconds / (priority × 10): who leaves first of a and b, each unused for so long.
    [{ a: [10, 0.5], b: [9, 0.5] }, 'a'],
    [{ a: [10, 0.5], b: [11, 0.5] }, 'b'],
    [{ a: [10, 0.5], b: [11, 0.6] }, 'a'],
    [{ a: [10, 0.2], b: [19, 0.4] }, 'a'],
    [{ a: [10, 0.2], b: [21, 0.4] }, 'b'],
    [{ a: [90, 0.9], b: [9, 0.1] }, 'a'],
    [{ a: [80, 0.9], b: [9, 0.1] }, 'b'],
    [{ a: [0, 0.1], b: [1, 0.9] }, 'b'],
  ] as const)('of %o lets %s go', (ages, first) => {
    const { at } = stage(20, skill('a', 10, ages.a[1]), skill('b', 10, ages.b[1]), skill('c', 10));
    const entries = [['a', ages.a[0]] as const, ['b', ages.b[0]] as const];
    for (const [name, age] of entries.toSorted(([, one], [, other]) => other - one))
      at(100 - age).activateSkill(name);
    expect(at(100).activateSkill('c').evicted).toEqual([first]);
  });

  it('keeps for ever what is above 0.9, and nothing at 0.9', () => {
    const { at } = stage(20, skill('kept', 10, 0.91), skill('b', 10, 0.9), skill('c', 10), skill('d', 10));
    at(0).activateSkill('kept');
    at(1_000_000).activateSkill('b');
    expect(at(2_000_000).activateSkill('c').evicted).toEqual(['b']);
    expect(at(3_000_000).activateSkill('d').evicted).toEqual(['c']);
  });

  it('loads over the budget where nobody may leave', () => {
    const { at, pager } = stage(20, skill('a', 15, 1), skill('b', 15, 0.95), skill('c', 15));
    at(0).activateSkill('a');
    expect(at(1).activateSkill('b')).toEqual({
      activated: true,
      adapterName: 'b',
      evicted: [],
      toLoad: 'b',
    });
    expect(pager.usedBytes).toBe(30);
    expect(pager.pressure).toBe(1);
    expect(at(2).activateSkill('c')).toMatchObject({ activated: true, evicted: [], toLoad: 'c' });
  });

  it('lets all go that may for one that never fits, and loads it', () => {
    const { at, pager } = stage(20, skill('a', 10), skill('b', 10), skill('huge', 50));
    at(0).activateSkill('a');
    at(1).activateSkill('b');
    expect(at(2).activateSkill('huge')).toMatchObject({ evicted: ['a', 'b'], toLoad: 'huge' });
    expect(pager.usedBytes).toBe(50);
  });

  it('takes a priority below 0.01 for that: it has a score, and leaves', () => {
    const ages = [0, -1, Number.NEGATIVE_INFINITY].map((priority) => {
      const { at } = stage(20, skill('zero', 10, priority), skill('low', 10, 0.02), skill('c', 10));
      at(0).activateSkill('low');
      at(8).activateSkill('zero');
      // 20 / 0.2 = 100 of one, 12 / 0.1 = 120 of the other.
      return at(20).activateSkill('c').evicted;
    });
    expect(ages).toEqual([['zero'], ['zero'], ['zero']]);
    const { at } = stage(20, skill('zero', 10, 0), skill('low', 10, 0.02), skill('c', 10));
    at(0).activateSkill('low');
    at(8).activateSkill('zero');
    expect(at(15).activateSkill('c').evicted).toEqual(['low']);
  });

  it('lets the first registered go of two with one score', () => {
    for (const order of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const { at } = stage(20, ...order.map((name) => skill(name, 10)), skill('c', 10));
      at(0).activateSkill('b');
      at(0).activateSkill('a');
      expect(at(5).activateSkill('c').evicted).toEqual([order[0]]);
    }
  });

  it('has 200 MB where it is not told', () => {
    const { at } = stage(undefined, skill('a', DEFAULT_BUDGET_BYTES - 1), skill('b', 1), skill('c', 1));
    expect(DEFAULT_BUDGET_BYTES).toBe(200_000_000);
    at(0).activateSkill('a');
    expect(at(1).activateSkill('b').evicted).toEqual([]);
    expect(at(2).activateSkill('c').evicted).toEqual(['a']);
  });

  it('asks for what was forgotten or let go to be loaded again', () => {
    const { at, pager } = stage(10, skill('a', 10), skill('b', 10));
    at(0).activateSkill('a');
    at(1).activateSkill('b');
    expect(at(2).activateSkill('a')).toMatchObject({ evicted: ['b'], toLoad: 'a' });
    pager.forget('a');
    expect([pager.usedBytes, pager.activateSkill('a').activated]).toEqual([0, false]);
    pager.register(skill('a', 10));
    expect(pager.activateSkill('a')).toMatchObject({ evicted: [], toLoad: 'a' });
  });

  it('counts the new size and priority of one that is held, and keeps when it was used', () => {
    const { at, pager } = stage(30, skill('a', 10), skill('b', 10), skill('c', 10));
    at(0).activateSkill('a');
    at(5).activateSkill('b');
    pager.register(skill('a', 20, 0.95));
    expect(pager.usedBytes).toBe(30);
    expect(at(6).activateSkill('c').evicted).toEqual(['b']);
    pager.register(skill('a', 20, 0.5));
    expect(at(7).evictUnderPressure(0.5).evicted).toEqual(['a']);
  });

  it('never holds more than its budget, unless nobody else may leave, whatever is asked', () => {
    const random = new SeededRandom(7);
    for (let run = 0; run < 200; run += 1) {
      const skills = Array.from({ length: 8 }, (_, index) =>
        skill(`s${index}`, random.between(1, 60), random.between(0, 10) / 10),
      );
      const { at, pager } = stage(100, ...skills);
      const held = new Set<string>();
      for (let second = 0; second < 40; second += random.between(0, 3) + 1) {
        const { name } = random.pick(skills);
        const { evicted, toLoad } = at(second).activateSkill(name);
        expect(toLoad === undefined).toBe(held.has(name));
        for (const one of evicted) expect([one === name, held.delete(one)]).toEqual([false, true]);
        held.add(name);
        const holding = skills.filter((one) => held.has(one.name));
        const bytes = holding.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        expect(pager.usedBytes).toBe(bytes);
        const mayLeave = holding.some((one) => one.name !== name && (one.priority ?? 0) <= 0.9);
        if (toLoad !== undefined && mayLeave) expect(bytes).toBeLessThanOrEqual(100);
      }
    }
  });
});

describe('pressure', () => {
  it('is the used part of the budget, at most 1, and 0 without a budget', () => {
    const { pager } = stage(100, skill('a', 25), skill('b', 50, 1), skill('c', 50, 1));
    expect(pager.pressure).toBe(0);
    pager.activateSkill('a');
    expect(pager.pressure).toBe(0.25);
    pager.activateSkill('b');
    pager.activateSkill('c');
    expect(pager.pressure).toBe(1);
    const { pager: poor } = stage(0, skill('a', 25));
    poor.activateSkill('a');
    expect([poor.usedBytes, poor.pressure]).toEqual([25, 0]);
  });
});

describe('evictUnderPressure', () => {
  const four = (): ReturnType<typeof stage> => {
    const stand = stage(100, skill('a', 20), skill('b', 30, 0.1), skill('c', 30, 1), skill('d', 20));
    for (const [second, name] of ['a', 'b', 'c', 'd'].entries()) stand.at(second).activateSkill(name);
    return stand;
  };

  it.each([
    [1, [], 0],
    // At second 4: a 4/5, b 3/1, d 1/5; c never.
    [0.99, ['b'], 30],
    [0.7, ['b'], 30],
    [0.69, ['b', 'a'], 50],
    [0.5, ['b', 'a'], 50],
    [0.31, ['b', 'a', 'd'], 70],
    [0, ['b', 'a', 'd'], 70],
  ] as const)('down to %d lets %j go and tells %d bytes', (target, evicted, freedBytes) => {
    const { at, pager } = four();
    expect(at(4).evictUnderPressure(target)).toEqual({ evicted, freedBytes });
    expect(pager.usedBytes).toBe(100 - freedBytes);
  });

  it('has nothing to free where nothing is held', () => {
    const { pager } = stage(100, skill('a', 20));
    expect(pager.evictUnderPressure(0)).toEqual({ evicted: [], freedBytes: 0 });
  });

  it('leaves what it let go known', () => {
    const { at } = four();
    at(4).evictUnderPressure(0);
    expect(at(5).activateSkill('b')).toMatchObject({ activated: true, toLoad: 'b' });
  });
});
