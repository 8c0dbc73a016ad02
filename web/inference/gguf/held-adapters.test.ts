import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import { HeldAdapters } from './held-adapters.ts';

const NEVER = new AbortController().signal;

/** Adapters of ten bytes each, of which `gone` are nowhere. */
function stage(budgetBytes: number) {
  const clock = new VirtualClock();
  const gone = new Set<string>();
  const held = new HeldAdapters({
    clock,
    budgetBytes,
    obtain: (id) =>
      gone.has(id)
        ? Promise.reject(new AppError('AdapterNotFound', `no ${id}`))
        : Promise.resolve(new Blob(['0123456789'])),
  });
  const hold = async (...ids: string[]): Promise<void> => {
    await held.prepare(ids, NEVER);
    held.hold(ids);
    await clock.advance(1_000);
  };
  const loaded = async (...needed: string[]): Promise<string> =>
    (await held.files(needed, NEVER)).map(({ id }) => id).join(' ');
  return { held, hold, loaded, gone };
}

describe('the adapters that an engine is loaded with', () => {
  it('are those of all held sets, each once', async () => {
    const { hold, loaded } = stage(100);
    expect(await loaded()).toBe('');
    await hold('a');
    await hold('b', 'c');
    await hold('a', 'c');
    expect(await loaded('a')).toBe('a b c');
  });

  it('leave by sets, the longest unused first, and never the one that is asked for', async () => {
    const { hold, loaded } = stage(20);
    await hold('a');
    await hold('b');
    await hold('a');
    await hold('c');
    expect(await loaded('c')).toBe('a c');
    await hold('d', 'e', 'f');
    expect(await loaded('d', 'e', 'f')).toBe('d e f');
  });

  it('do not come again where the engine could not put them on the model', async () => {
    const { held, hold, loaded } = stage(100);
    await hold('a');
    await hold('b');
    held.letGo(['b'], new AppError('AdapterMismatch', 'other shapes'));
    expect(await loaded()).toBe('a');
    await expect(held.prepare(['b'], NEVER)).rejects.toMatchObject({ code: 'AdapterMismatch' });
    held.letGo(['a'], new AppError('LaneStartFailed', 'no memory'));
    expect(await loaded()).toBe('');
    await hold('a');
    expect(await loaded('a')).toBe('a');
  });

  it('are loaded without one that is gone and nobody asks for now', async () => {
    const { hold, loaded, gone } = stage(100);
    await hold('a');
    await hold('b');
    gone.add('a');
    await expect(loaded('a')).rejects.toMatchObject({ code: 'AdapterNotFound' });
    expect(await loaded('b')).toBe('b');
    gone.clear();
    expect(await loaded('b')).toBe('b');
  });
});
