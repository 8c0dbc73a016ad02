import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { activeAdapters, adapterSetName, AdapterUsesSchema, requireNoAdapters } from './adapters.ts';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
const five = Array.from({ length: 5 }, (_, index) => ({ id: String(index).repeat(64), scale: 1 }));

describe('the adapters of a request', () => {
  it.each([[[]], [[{ id: A, scale: 0 }]], [[{ id: A, scale: 2 }]], [five.slice(1)]])('may be %j', (uses) => {
    expect(v.safeParse(AdapterUsesSchema, uses).success).toBe(true);
  });

  it.each([
    ['more than four', five],
    ['the same twice', [A, A].map((id) => ({ id, scale: 1 }))],
    ['a scale below 0', [{ id: A, scale: -0.01 }]],
    ['a scale above 2', [{ id: A, scale: 2.01 }]],
    ['a scale that is none', [{ id: A, scale: Number.NaN }]],
    ['no scale', [{ id: A }]],
    ['a path', [{ id: '../../etc/passwd', scale: 1 }]],
    ['a hash in capitals', [{ id: 'A'.repeat(64), scale: 1 }]],
    ['a longer hash', [{ id: `${A}a`, scale: 1 }]],
  ])('may not be %s', (_, uses) => {
    expect(v.safeParse(AdapterUsesSchema, uses).success).toBe(false);
  });

  it('are one set in any order, without those that change nothing', () => {
    const set = [
      { id: A, scale: 1 },
      { id: B, scale: 0.5 },
    ];
    expect(activeAdapters([...set, { id: '0'.repeat(64), scale: 0 }].toReversed())).toEqual(set);
    expect(activeAdapters(undefined)).toEqual([]);
    const names = [set, [set[0]!], [{ id: A, scale: 0.5 }], [{ id: B, scale: 1 }], []].map(adapterSetName);
    expect(new Set(names).size).toBe(5);
  });

  it('are refused by name where there are none, unless they change nothing', () => {
    for (const uses of [undefined, [], [{ id: A, scale: 0 }]]) requireNoAdapters(uses, 'This lane');
    expect(() => {
      requireNoAdapters([{ id: A, scale: 0.1 }], 'This lane');
    }).toThrow(expect.objectContaining({ code: 'AdaptersUnsupported' }));
  });
});
