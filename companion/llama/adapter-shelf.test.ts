import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomLora } from '../../e2e/models/random-lora.ts';
import { randomModel } from '../../e2e/models/random-model.ts';
import { AdapterOfferSchema, MAX_ADAPTER_OFFERS } from '../../shared/bridge/adapter-offer.ts';
import { systemClock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { createAdapterShelf } from './adapter-shelf.ts';
import { AdaptersOfModel } from './adapters-of-model.ts';
import type { AdapterShelf } from './backend.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adapter-shelf-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function put(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

const shelfOf = (...paths: string[]): Promise<AdapterShelf> =>
  createAdapterShelf({ paths, clock: systemClock, tell: () => undefined });

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'a value',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('createAdapterShelf', () => {
  it('offers each file once, under the hash of its bytes, with what it says of itself', async () => {
    const poet = randomLora({
      pairs: [
        ['general.name', { type: 'text', value: 'Poet' }],
        ['general.license', { type: 'text', value: 'mit' }],
      ],
    });
    const nameless = randomLora({ seed: 2, pairs: [['general.name', { type: 'text', value: '' }]] });
    const paths = [await put('a.gguf', poet), await put('b.gguf', nameless), await put('copy.gguf', poet)];
    const shelf = await shelfOf(...paths);
    expect(shelf.offers()).toEqual([
      {
        id: hash(poet),
        name: 'Poet',
        sizeBytes: poet.length,
        architecture: 'llama',
        provenance: { license: 'mit' },
      },
      { id: hash(nameless), name: 'b.gguf', sizeBytes: nameless.length, architecture: 'llama' },
    ]);
    for (const offer of shelf.offers()) expect(v.is(AdapterOfferSchema, offer)).toBe(true);
    expect(shelf.fileOf(hash(poet))?.path).toBe(paths[0]);
    for (const id of ['__proto__', '', '../a.gguf', paths[0] ?? '']) expect(shelf.fileOf(id)).toBeUndefined();
  });

  it('is empty where nothing was given', async () => {
    expect((await shelfOf()).offers()).toEqual([]);
  });

  it.each([
    ['gone', undefined, 'AdapterNotFound'],
    ['junk', new TextEncoder().encode('no adapter'), 'ModelNotGguf'],
    ['cut', randomLora().subarray(0, -200), 'ModelTruncated'],
    ['model', randomModel(), 'ModelUnsupported'],
  ])('says which file is wrong, and how: %s', async (name, bytes, code) => {
    const good = await put('good.gguf', randomLora());
    const path = bytes ? await put(`${name}.gguf`, bytes) : join(folder, `${name}.gguf`);
    const failed = shelfOf(good, path);
    expect(await codeOf(failed)).toBe(code);
    await expect(failed).rejects.toThrow(path);
    expect(await codeOf(shelfOf(folder))).toBe('AdapterNotFound');
  });

  it('takes no more than one message can offer', async () => {
    const good = await put('good.gguf', randomLora());
    const paths = Array.from({ length: MAX_ADAPTER_OFFERS + 1 }, () => good);
    expect(await codeOf(shelfOf(...paths))).toBe('ArgumentInvalid');
  });
});

describe('AdaptersOfModel', () => {
  const LLAMA = { name: 'a model', architecture: 'llama' };

  it('gives the files of what is asked for, in one order, without those that change nothing', async () => {
    const [one, other] = [randomLora({ seed: 1 }), randomLora({ seed: 2 })];
    const shelf = await shelfOf(await put('one.gguf', one), await put('other.gguf', other));
    const adapters = new AdaptersOfModel(shelf, LLAMA);
    const uses = [one, other].map((bytes) => ({ id: hash(bytes), scale: 0.5 }));
    const resolved = await adapters.resolve([...uses, { id: '0'.repeat(64), scale: 0 }]);
    expect(resolved.map(({ id }) => id)).toEqual(uses.map(({ id }) => id).toSorted());
    expect(resolved).toContainEqual({ ...uses[0], path: join(folder, 'one.gguf'), sizeBytes: one.length });
    expect(await adapters.resolve(uses.toReversed())).toEqual(resolved);
    expect(await adapters.resolve(undefined)).toEqual([]);
  });

  it('refuses what was not offered, and what was made for models of another kind', async () => {
    const foreign = randomLora({ architecture: 'qwen2' });
    const shelf = await shelfOf(await put('foreign.gguf', foreign));
    const adapters = new AdaptersOfModel(shelf, LLAMA);
    expect(await codeOf(adapters.resolve([{ id: '0'.repeat(64), scale: 1 }]))).toBe('AdapterNotFound');
    const failed = adapters.resolve([{ id: hash(foreign), scale: 1 }]);
    await expect(failed).rejects.toMatchObject({
      code: 'AdapterMismatch',
      message: expect.stringMatching(/foreign\.gguf is for models of the kind "qwen2"; a model is "llama"/),
    });
  });

  it('looks at a file before the child does, and notices that it is another one now', async () => {
    const bytes = randomLora({ seed: 9 });
    const uses = [{ id: hash(bytes), scale: 1 }];
    const path = await put('changing.gguf', bytes);
    const shelf = await shelfOf(path);
    const opened = new AdaptersOfModel(shelf, LLAMA);
    await opened.resolve(uses);
    await put('changing.gguf', randomLora({ rank: 8 }));
    expect(await codeOf(new AdaptersOfModel(shelf, LLAMA).resolve(uses))).toBe('AdapterNotFound');
    await put('changing.gguf', bytes.subarray(0, -100));
    expect(await codeOf(new AdaptersOfModel(shelf, LLAMA).resolve(uses))).toBe('ModelTruncated');
    await rm(path);
    expect(await codeOf(new AdaptersOfModel(shelf, LLAMA).resolve(uses))).toBe('AdapterNotFound');
    // The child may hold it already.
    expect(await opened.resolve(uses)).toHaveLength(1);
  });
});
