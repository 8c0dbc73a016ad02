import type { LlamaContextSequence } from 'node-llama-cpp';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { AdapterContexts } from './adapter-contexts.ts';
import type { AdapterToLoad } from './child-messages.ts';

const NEVER = new AbortController().signal;
const adapter = (letter: string, scale = 1): AdapterToLoad => ({
  id: letter.repeat(64),
  path: `/${letter}.gguf`,
  sizeBytes: 10,
  scale,
});
const [A, B, C] = [adapter('a'), adapter('b'), adapter('c')];

/** Contexts that are names; what is done with them is written down in order. */
function stage(budgetBytes: number) {
  const done: string[] = [];
  const failures: unknown[] = [];
  let nowMs = 0;
  const contexts = new AdapterContexts({
    budgetBytes,
    cacheBytes: 5,
    clock: { monotonicMs: () => (nowMs += 1_000) },
    open: (adapters) => {
      const name = adapters.map(({ path, scale }) => `${path[1]}${scale}`).join('+');
      done.push(`open ${name}`);
      if (failures.length > 0) return Promise.reject(failures.shift());
      const sequence = { name } as unknown as LlamaContextSequence;
      const dispose = (): Promise<void> => {
        done.push(`dispose ${name}`);
        return Promise.resolve();
      };
      return Promise.resolve({ sequence, dispose });
    },
    releaseFile: (path) => {
      done.push(`release ${path[1]}`);
      return Promise.resolve();
    },
  });
  return { contexts, done, failures };
}

describe('AdapterContexts', () => {
  it('makes one context per set, and gives the same one again', async () => {
    const { contexts, done } = stage(1_000);
    const first = await contexts.sequenceOf([A], NEVER);
    const others = [[B], [A, B], [adapter('a', 0.5)]];
    const sequences = [first];
    for (const set of others) sequences.push(await contexts.sequenceOf(set, NEVER));
    expect(new Set(sequences).size).toBe(4);
    expect(await contexts.sequenceOf([A], NEVER)).toBe(first);
    expect(done).toEqual(['open a1', 'open b1', 'open a1+b1', 'open a0.5']);
  });

  it('lets the least used go before it opens the next, with file and cache as its size', async () => {
    const { contexts, done } = stage(30);
    for (const set of [[A], [B], [A], [C], [B]]) await contexts.sequenceOf(set, NEVER);
    expect(done).toEqual([
      'open a1',
      'open b1',
      'dispose b1',
      'release b',
      'open c1',
      'dispose a1',
      'release a',
      'open b1',
    ]);
  });

  it('holds one over the budget, and no second', async () => {
    const { contexts, done } = stage(1);
    for (const set of [[A], [A], [B]]) await contexts.sequenceOf(set, NEVER);
    expect(done).toEqual(['open a1', 'dispose a1', 'release a', 'open b1']);
  });

  it('keeps the weights that another set still uses', async () => {
    const { contexts, done } = stage(40);
    await contexts.sequenceOf([A], NEVER);
    await contexts.sequenceOf([A, B], NEVER);
    await contexts.sequenceOf([C], NEVER);
    await contexts.sequenceOf([adapter('d')], NEVER);
    expect(done).toEqual([
      'open a1',
      'open a1+b1',
      'dispose a1',
      'open c1',
      'dispose a1+b1',
      'release a',
      'release b',
      'open d1',
    ]);
  });

  it('forgets a set that the model does not take, lets nobody go for it, and tries it anew', async () => {
    const { contexts, done, failures } = stage(1_000);
    await contexts.sequenceOf([A], NEVER);
    failures.push(new AppError('AdapterMismatch', 'of another model'));
    await expect(contexts.sequenceOf([B], NEVER)).rejects.toMatchObject({ code: 'AdapterMismatch' });
    await contexts.sequenceOf([B], NEVER);
    expect(done).toEqual(['open a1', 'open b1', 'release b', 'open b1']);
  });

  it('makes room for a context that does not come into being beside the others, once', async () => {
    const { contexts, done, failures } = stage(1_000);
    for (const set of [[A], [B]]) await contexts.sequenceOf(set, NEVER);
    failures.push(new Error('Failed to create context'));
    await contexts.sequenceOf([C], NEVER);
    expect(done.slice(2)).toEqual([
      'open c1',
      'dispose a1',
      'release a',
      'dispose b1',
      'release b',
      'open c1',
    ]);
    failures.push(new Error('Failed'), new Error('Failed to create context'));
    await expect(contexts.sequenceOf([A], NEVER)).rejects.toMatchObject({
      code: 'LaneStartFailed',
      message: expect.stringContaining('Failed to create context'),
    });
    failures.push(new Error('Failed with nobody beside it'));
    await expect(contexts.sequenceOf([A], NEVER)).rejects.toMatchObject({ code: 'LaneStartFailed' });
    await contexts.sequenceOf([A], NEVER);
  });

  it('lets nobody go for a request that was given up', async () => {
    const { contexts, done, failures } = stage(1_000);
    await contexts.sequenceOf([A], NEVER);
    failures.push(new Error('whatever the engine says then'));
    const gone = new AppError('Aborted', 'stopped');
    await expect(contexts.sequenceOf([B], AbortSignal.abort(gone))).rejects.toBe(gone);
    expect(done).toEqual(['open a1', 'open b1', 'release b']);
  });
});
