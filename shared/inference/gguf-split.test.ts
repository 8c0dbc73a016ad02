import { describe, expect, it } from 'vitest';
import { RANDOM_SHAPE, randomModel } from '../../e2e/models/random-model.ts';
import { splitModel, type Shard } from '../../e2e/models/split-model.ts';
import { AppError } from '../errors.ts';
import { mutate } from '../testing/mutate-bytes.ts';
import { SeededRandom } from '../testing/seeded-random.ts';
import { readGgufHeader } from './gguf-header.ts';
import { splitNamesOf } from './gguf-split-names.ts';
import { joinGguf, readJoined, type GgufPart } from './gguf-split.ts';

const model = randomModel();
const shards = await splitModel(model, 3);
const [first, second, third] = shards as [Shard, Shard, Shard];

const partOf = ({ name, bytes }: Shard): GgufPart => ({
  name,
  sizeBytes: bytes.length,
  read: (offset, length) => {
    if (offset < 0 || length < 0 || offset + length > bytes.length) throw new RangeError('outside the file');
    return Promise.resolve(bytes.subarray(offset, offset + length));
  },
});

async function joined(files: readonly Shard[]): Promise<Uint8Array> {
  const parts = files.map(partOf);
  const whole = await joinGguf(parts);
  return readJoined(whole, parts)(0, whole.sizeBytes);
}

async function refusal(files: readonly Shard[]): Promise<string> {
  return joined(files).then(
    () => 'a model',
    (error: unknown) => (error instanceof AppError ? `${error.code}: ${error.message}` : String(error)),
  );
}

/** The same, but for how many tensors it says that the whole model has. */
function announcing({ name, bytes }: Shard, tensorCount: number): Shard {
  const changed = Buffer.from(bytes);
  const key = 'split.tensors.count';
  changed.writeInt32LE(tensorCount, changed.indexOf(key) + key.length + 4);
  return { name, bytes: Uint8Array.from(changed) };
}

describe('a model that was split', () => {
  it('is again the file that it was, in whatever order its parts come', async () => {
    expect(Buffer.compare(await joined(shards), model)).toBe(0);
    expect(Buffer.compare(await joined([third, first, second]), model)).toBe(0);
  });

  it('is read in any pieces', async () => {
    const parts = shards.map(partOf);
    const whole = await joinGguf(parts);
    const read = readJoined(whole, parts);
    const random = new SeededRandom(3);
    for (let run = 0; run < 200; run += 1) {
      const from = Math.floor(random.next() * whole.sizeBytes);
      const length = Math.floor(random.next() * Math.min(5_000, whole.sizeBytes - from));
      expect(Buffer.compare(await read(from, length), model.subarray(from, from + length))).toBe(0);
    }
    const header = await readGgufHeader(read, whole.sizeBytes);
    expect(header).toEqual(await readGgufHeader(partOf({ name: '', bytes: model }).read, model.length));
  });

  it('names what is missing, by file names where they tell', async () => {
    expect(await refusal([second])).toBe(
      'ModelIncomplete: Of the 3 parts of the model these are missing: model-00001-of-00003.gguf, model-00003-of-00003.gguf.',
    );
    expect(await refusal([{ ...first, name: 'a' }, third])).toBe(
      'ModelIncomplete: Of the 3 parts of the model these are missing: part 2.',
    );
  });

  it('names a part that is there twice, or is of another model, or of none', async () => {
    expect(await refusal([first, second, { ...second, name: 'copy.gguf' }])).toBe(
      'ModelIncomplete: model-00002-of-00003.gguf and copy.gguf are both part 2 of 3.',
    );
    const others = await splitModel(randomModel({ shape: { ...RANDOM_SHAPE, layers: 2 } }), 3, 'other');
    expect(await refusal([first, second, others[2] as Shard])).toMatch(
      /ModelIncomplete: .*two different models/,
    );
    expect(await refusal([first, second, third, { name: 'whole.gguf', bytes: model }])).toBe(
      'ModelIncomplete: whole.gguf: This is no part of a split model.',
    );
  });

  it('does not take tensors of another model for its own, as many as they may be', async () => {
    // Parts 1 and 3 with the number of part 2: nothing in the keys tells.
    const bytes = Uint8Array.from(third.bytes);
    bytes[Buffer.from(bytes).indexOf('split.no') + 'split.no'.length + 4] = 1;
    const swapped = Uint8Array.from(second.bytes);
    swapped[Buffer.from(swapped).indexOf('split.no') + 'split.no'.length + 4] = 2;
    // The same parts in another order are still one model, and its tensors are found by name.
    expect(await refusal([first, { name: 'b', bytes }, { name: 'c', bytes: swapped }])).toBe('a model');
    expect(await refusal([first, { name: 'b', bytes }, third])).toMatch(/not parts of one model/);
  });

  it('is refused at the first file that cannot be a part of it: neither its tensors nor later files are read', async () => {
    const unread: GgufPart = { ...partOf(third), read: () => Promise.reject(new Error('It was read.')) };
    const refused = async (...files: readonly Shard[]): Promise<unknown> =>
      joinGguf([...files.map(partOf), unread]).catch((error: unknown) => error);
    // Whoever walks the tensors of this one finds it cut.
    const cut = ({ name, bytes }: Shard): Shard => ({ name, bytes: bytes.subarray(0, -64) });
    const others = await splitModel(randomModel({ shape: { ...RANDOM_SHAPE, layers: 2 } }), 3, 'other');
    expect(await refused(first, cut(others[1] as Shard))).toMatchObject({
      code: 'ModelIncomplete',
      message: 'other-00002-of-00003.gguf and model-00001-of-00003.gguf are parts of two different models.',
    });
    expect(await refused(first, cut({ ...first, name: 'copy.gguf' }))).toMatchObject({
      code: 'ModelIncomplete',
      message: 'model-00001-of-00003.gguf and copy.gguf are both part 1 of 3.',
    });
    // What the first has by itself is all that the model is said to have.
    const own = Number(Buffer.from(first.bytes).readBigUInt64LE(8));
    expect(await refused(announcing(first, own), cut(announcing(second, own)))).toMatchObject({
      code: 'ModelIncomplete',
      message: 'model-00002-of-00003.gguf and the other files are not parts of one model.',
    });
    expect(await refused(cut(announcing(first, 65_537)))).toMatchObject({
      code: 'ModelUnsupported',
      message: expect.stringContaining('announces 65537 tensors') as string,
    });
  });

  it('says in which file it is cut', async () => {
    for (const [at, shard] of shards.entries()) {
      const cut = shards.map((each) =>
        each === shard ? { ...each, bytes: each.bytes.subarray(0, each.bytes.length - 64) } : each,
      );
      expect(await refusal(cut)).toMatch(`ModelTruncated: model-0000${at + 1}-of-00003.gguf: `);
    }
  });

  it('answers every damaged part with a model or a named error, and never reads outside of it', async () => {
    const random = new SeededRandom(5);
    const small = await splitModel(randomModel({ shape: { ...RANDOM_SHAPE, layers: 1, width: 16 } }), 3);
    const outcomes = new Set<string>();
    for (let run = 0; run < 400; run += 1) {
      const damaged = small.map(({ name, bytes }, index) => {
        if (index !== run % 3) return { name, bytes };
        const head = mutate(bytes.subarray(0, 1_500), random, [bytes.subarray(0, 1_500)]);
        return { name, bytes: Uint8Array.from([...head, ...bytes.subarray(1_500)]) };
      });
      const outcome = await refusal(damaged);
      expect(outcome).toMatch(/^(a model|Model(NotGguf|Truncated|Unsupported|Incomplete): )/);
      outcomes.add(outcome.replace(/:.*/, ''));
    }
    expect(outcomes.size).toBeGreaterThan(3);
  });

  it('is refused as one part where one part is opened alone', async () => {
    await expect(readGgufHeader(partOf(first).read, first.bytes.length)).rejects.toMatchObject({
      code: 'ModelIncomplete',
      message: 'The GGUF file is part 1 of 3; these are missing: part 2, part 3.',
    });
    await expect(readGgufHeader(partOf(second).read, second.bytes.length)).rejects.toMatchObject({
      code: 'ModelIncomplete',
    });
  });
});

describe('splitNamesOf', () => {
  it('knows the others by the name of any', () => {
    expect(splitNamesOf('a-b-00002-of-00003.gguf')).toEqual({
      name: 'a-b.gguf',
      shards: ['a-b-00001-of-00003.gguf', 'a-b-00002-of-00003.gguf', 'a-b-00003-of-00003.gguf'],
    });
  });

  it.each([
    ['M-00002-OF-00003.GGUF', 'M-00003-OF-00003.GGUF'],
    ['a-00001-of-00002-00001-of-00002.gguf', 'a-00001-of-00002-00002-of-00002.gguf'],
  ])('writes the others as %s is written', (file, last) => {
    const names = splitNamesOf(file);
    expect(new Set(names?.shards).size).toBe(names?.shards.length);
    expect(names?.shards).toContain(file);
    expect(names?.shards.at(-1)).toBe(last);
  });

  it.each([
    'model.gguf',
    'a-00000-of-00002.gguf',
    'a-00003-of-00002.gguf',
    'a-00001-of-00001.gguf',
    'a-00001-of-99999.gguf',
  ])('takes %s for no part', (name) => {
    expect(splitNamesOf(name)).toBeUndefined();
  });
});
