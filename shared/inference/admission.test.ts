import { describe, expect, it } from 'vitest';
import { createAdmission, createWorkAdmission } from './admission.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('admission', () => {
  it('lets in as many as there are slots, then in order of arrival', async () => {
    const admission = createAdmission(2);
    const entered: number[] = [];
    const leaves = [1, 2, 3, 4].map(async (index) => {
      const leave = await admission.enter();
      entered.push(index);
      return leave;
    });
    await turn();
    expect([entered, admission.running, admission.waiting]).toEqual([[1, 2], 2, 2]);
    (await leaves[0])?.();
    (await leaves[0])?.();
    await turn();
    expect([entered, admission.running, admission.waiting]).toEqual([[1, 2, 3], 2, 1]);
  });

  it('drops a waiter that aborts, without giving it the slot', async () => {
    const admission = createAdmission(1);
    const leave = await admission.enter();
    const aborter = new AbortController();
    const dropped = admission.enter(aborter.signal);
    const kept = admission.enter();
    aborter.abort();
    await expect(dropped).rejects.toMatchObject({ code: 'Aborted' });
    leave();
    (await kept)();
    expect([admission.running, admission.waiting]).toEqual([0, 0]);
  });

  it('refuses a caller that has aborted already', async () => {
    await expect(createAdmission(1).enter(AbortSignal.abort())).rejects.toMatchObject({ code: 'Aborted' });
  });

  it('tells who waits how many are before them, and nothing to who need not wait', async () => {
    const admission = createAdmission(1);
    const told: string[] = [];
    const place = (name: string) => (ahead: number) => told.push(`${name} ${ahead}`);
    const leave = await admission.enter(undefined, place('first'));
    const aborter = new AbortController();
    const second = admission.enter(aborter.signal, place('second'));
    void admission.enter(undefined, place('third'));
    aborter.abort();
    await expect(second).rejects.toThrow();
    leave();
    expect(told).toEqual(['second 1', 'third 2', 'third 1']);
  });
});

describe('admission of calls that do not all fit together', () => {
  /** Any number of one letter. */
  const stage = () => {
    let most = 2;
    const entered: string[] = [];
    const told: string[] = [];
    const admission = createWorkAdmission<string>(
      (next, inside) =>
        inside.length === 0 || (inside.every((work) => work === next) && inside.length < most),
    );
    const enter = async (work: string, name: string, signal?: AbortSignal): Promise<() => void> => {
      const leave = await admission.enter(work, signal, (ahead) => told.push(`${name} ${ahead}`));
      entered.push(name);
      return leave;
    };
    const grow = (slots: number): void => {
      most = slots;
      admission.recheck();
    };
    return { admission, enter, entered, told, grow };
  };

  it('lets nobody overtake who waits for another kind to be gone', async () => {
    const { enter, entered, told, grow } = stage();
    grow(3);
    const leaves = [await enter('a', 'a1'), await enter('a', 'a2')];
    const later = [enter('b', 'b1'), enter('a', 'a3'), enter('a', 'a4')];
    leaves[0]?.();
    await turn();
    expect(entered).toEqual(['a1', 'a2']);
    leaves[1]?.();
    await turn();
    expect(entered).toEqual(['a1', 'a2', 'b1']);
    (await later[0])?.();
    await turn();
    expect(entered).toEqual(['a1', 'a2', 'b1', 'a3', 'a4']);
    expect(told).toEqual(['b1 2', 'a3 3', 'a4 4', 'b1 1', 'a3 2', 'a4 3', 'a3 1', 'a4 2']);
  });

  it('goes on at once when who was waited for gives up', async () => {
    const { enter, entered, admission } = stage();
    await enter('a', 'a1');
    const aborter = new AbortController();
    const given = enter('b', 'b1', aborter.signal);
    void enter('a', 'a2');
    aborter.abort();
    await expect(given).rejects.toMatchObject({ code: 'Aborted' });
    await turn();
    expect([entered, admission.running, admission.waiting]).toEqual([['a1', 'a2'], 2, 0]);
  });

  it('lets in who fits when more does than before', async () => {
    const { enter, entered, grow } = stage();
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) void enter('a', name);
    await turn();
    expect(entered).toEqual(['a1', 'a2']);
    grow(4);
    await turn();
    expect(entered).toEqual(['a1', 'a2', 'a3', 'a4']);
  });
});
