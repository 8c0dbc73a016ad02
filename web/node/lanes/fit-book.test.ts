import { describe, expect, it } from 'vitest';
import { createMemoryDisk, createMemoryStores } from '../../../shared/testing/memory-node-stores.ts';
import { FitBook } from './fit-book.ts';

const load = (ratio: number, model = 'm') => ({ model, ratio });
const learned = { loads: [load(1.2)], failedBytes: 2 ** 30 };

describe('what is known of fits', () => {
  it('is kept per place, is there after a restart, and of no other device', async () => {
    const { settings } = createMemoryStores(createMemoryDisk());
    const book = await FitBook.load(settings);
    expect(book.of('webgpu', 'acme')).toEqual({ loads: [] });
    await book.learn('webgpu', 'acme', () => learned);
    const later = await FitBook.load(settings);
    expect(later.of('webgpu', 'acme')).toEqual(learned);
    expect(later.of('wasm', 'acme')).toEqual({ loads: [] });
    expect(later.of('webgpu', 'other')).toEqual({ loads: [] });
  });

  it('is forgotten once another device was learned of', async () => {
    const { settings } = createMemoryStores(createMemoryDisk());
    const book = await FitBook.load(settings);
    await book.learn('webgpu', 'acme', () => learned);
    await book.learn('webgpu', 'other', (before) => ({ loads: [...before.loads, load(0.9)] }));
    expect(book.of('webgpu', 'other')).toEqual({ loads: [load(0.9)] });
    expect(book.of('webgpu', 'acme')).toEqual({ loads: [] });
  });

  it('writes nothing where nothing was learned', async () => {
    const disk = createMemoryDisk();
    const book = await FitBook.load(createMemoryStores(disk).settings);
    await book.learn('webgpu', 'acme', (before) => before);
    expect(disk.settings.size).toBe(0);
  });

  it.each([
    ['a ratio beyond its bounds', { loads: [load(40)] }],
    ['a failure of nothing', { loads: [], failedBytes: 1 }],
    ['too many', { loads: ['a', 'b', 'c', 'd', 'e', 'f'].map((model) => load(1, model)) }],
    ['of an older form', { ratios: [1] }],
  ])('begins anew where what is kept is %s', async (_what, odd) => {
    const { settings } = createMemoryStores(createMemoryDisk());
    await settings.put('fits', [['webgpu', { device: 'acme', learned: odd }]]);
    expect((await FitBook.load(settings)).of('webgpu', 'acme')).toEqual({ loads: [] });
  });
});
