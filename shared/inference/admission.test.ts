import { describe, expect, it } from 'vitest';
import { createAdmission } from './admission.ts';

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
