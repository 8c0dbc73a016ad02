import { describe, expect, it } from 'vitest';
import { createMemoryDisk, createMemoryStores } from '../../../shared/testing/memory-node-stores.ts';
import { AdapterChoices } from './adapter-choices.ts';

const MAYA = '11111111-1111-4111-8111-111111111111';
const [A, B] = ['a', 'b'].map((digit) => digit.repeat(64)) as [string, string];
const OFFER = { id: A, name: 'sailor', sizeBytes: 9, architecture: 'llama' };

describe('who thinks with which adapter', () => {
  it('is one each, kept over a restart, and told', async () => {
    const { settings } = createMemoryStores(createMemoryDisk());
    const choices = await AdapterChoices.load(settings);
    expect(choices.usesOf(MAYA)).toEqual([]);
    await choices.choose(MAYA, { id: B, name: 'cook' });
    await choices.choose(MAYA, { id: A, name: 'sailor' });
    const later = await AdapterChoices.load(settings);
    expect(later.usesOf(MAYA)).toEqual([{ id: A, scale: 1 }]);
    expect(later.view([OFFER])).toEqual([
      { id: A, name: 'sailor', sizeBytes: 9, isHere: true, usedBy: [MAYA] },
    ]);
    await later.choose(MAYA, undefined);
    expect((await AdapterChoices.load(settings)).usesOf(MAYA)).toEqual([]);
  });

  it('still shows what is chosen and not here any more, so that it can be given up', async () => {
    const { settings } = createMemoryStores(createMemoryDisk());
    const choices = await AdapterChoices.load(settings);
    await choices.choose(MAYA, { id: B, name: 'cook' });
    expect(choices.view([OFFER])).toEqual([
      { id: A, name: 'sailor', sizeBytes: 9, isHere: true, usedBy: [] },
      { id: B, name: 'cook', sizeBytes: 0, isHere: false, usedBy: [MAYA] },
    ]);
    expect(choices.usesOf(MAYA)).toEqual([{ id: B, scale: 1 }]);
  });
});
