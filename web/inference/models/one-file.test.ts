import { describe, expect, it } from 'vitest';
import { randomModel } from '../../../e2e/models/random-model.ts';
import { splitModel } from '../../../e2e/models/split-model.ts';
import { oneFile } from './one-file.ts';

const model = randomModel();
const shards = (await splitModel(model, 3, 'sea')).map(({ name, bytes }) => new File([bytes], name));

describe('oneFile', () => {
  it('is the model that was split, under its name', async () => {
    const file = await oneFile(shards.toReversed());
    expect([file.name, file.size]).toEqual(['sea.gguf', model.length]);
    expect(Buffer.compare(new Uint8Array(await file.arrayBuffer()), model)).toBe(0);
  });

  it('gives one file back, whatever it is', async () => {
    const [first] = shards as [File];
    expect(await oneFile([first])).toBe(first);
  });

  it('names a shard that is missing, and one that is gone', async () => {
    await expect(oneFile(shards.slice(1))).rejects.toMatchObject({
      code: 'ModelIncomplete',
      message: 'Of the 3 parts of the model these are missing: sea-00001-of-00003.gguf.',
    });
    const gone = new File(['x'.repeat(1_000)], 'gone.gguf');
    gone.slice = () => {
      throw new DOMException('no more', 'NotFoundError');
    };
    await expect(oneFile([...shards, gone])).rejects.toMatchObject({ code: 'ModelNotFound' });
  });
});
