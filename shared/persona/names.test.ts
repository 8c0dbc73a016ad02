import { describe, expect, it } from 'vitest';
import { uuidV4 } from '../random.ts';
import { SeededRandom } from '../testing/seeded-random.ts';
import { CITIZEN_KINDS } from './identity.ts';
import { birthName, NAME_POOLS } from './names.ts';

const ID = '9d17560c-dbb4-4f9e-86f0-4ceac5d2aff7';
const FUNCTION_WORDS =
  /^(helper|assistant|bot|ai|coder|sentinel|agent|user|system|you|human|persona|custom)$/i;

describe('name pools', () => {
  it('are of plain personal names, each once over all pools', () => {
    const all = CITIZEN_KINDS.flatMap((kind) => NAME_POOLS[kind]);
    expect(new Set(all.map((name) => name.toLowerCase())).size).toBe(all.length);
    expect(all.filter((name) => !/^[A-Z][a-z]+$/.test(name) || FUNCTION_WORDS.test(name))).toEqual([]);
    for (const kind of CITIZEN_KINDS) expect(NAME_POOLS[kind].length).toBeGreaterThan(200);
  });
});

describe('birthName', () => {
  it('is the same for the same id, and differs among ids', () => {
    expect(birthName(ID, 'persona', [])).toBe(birthName(ID, 'persona', []));
    const random = new SeededRandom(3);
    const names = Array.from({ length: 8 }, () => birthName(uuidV4(random), 'persona', []));
    expect(new Set(names).size).toBeGreaterThanOrEqual(4);
  });

  it('steps to the next free name of the pool, whatever the case of the taken one', () => {
    const first = birthName(ID, 'human', []);
    const second = birthName(ID, 'human', [first.toUpperCase()]);
    const pool = NAME_POOLS.human;
    expect(second).toBe(pool[(pool.indexOf(first) + 1) % pool.length]);
  });

  it('still gives a free name when the whole pool is taken', () => {
    const name = birthName(ID, 'persona', NAME_POOLS.persona);
    expect(name).toBe(`${birthName(ID, 'persona', [])}2`);
    expect(birthName(ID, 'persona', [...NAME_POOLS.persona, name])).not.toBe(name);
  });
});
