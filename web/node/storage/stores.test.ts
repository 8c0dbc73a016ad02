import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import { createMemoryDisk, createMemoryStores } from '../../../shared/testing/memory-node-stores.ts';
import { describeNodeStores } from '../../../shared/testing/node-stores-suite.ts';
import { openNodeDatabase } from './database.ts';
import { createIdbStores } from './idb-stores.ts';

describeNodeStores('memory', () => Promise.resolve(createMemoryStores(createMemoryDisk())));

describeNodeStores('IndexedDB', async () => {
  globalThis.indexedDB = new IDBFactory();
  return createIdbStores(await openNodeDatabase(() => undefined));
});

describe('a store that crashed', () => {
  it('has what was committed and nothing of what was not', async () => {
    const disk = createMemoryDisk();
    let stepsLeft = 3;
    const dying = createMemoryStores(disk, () =>
      stepsLeft-- > 0 ? Promise.resolve() : new Promise(() => undefined),
    );
    await dying.settings.put('first', 1);
    // The third step is before the commit of the second, the fourth after it: committed, but never told.
    dying.settings.put('second', 2).catch(() => undefined);
    dying.settings.put('third', 3).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const after = createMemoryStores(disk);
    expect(await after.settings.get('first')).toBe(1);
    expect(await after.settings.get('second')).toBe(2);
    expect(await after.settings.get('third')).toBeUndefined();
  });
});
