import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { plumbingModel } from '../../e2e/models/plumbing-model.ts';
import { randomModel } from '../../e2e/models/random-model.ts';
import { systemClock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { systemRandom } from '../../shared/random.ts';
import { VirtualClock } from '../../shared/testing/virtual-clock.ts';
import type { ModelShelf } from './backend.ts';
import { createModelShelf } from './model-shelf.ts';

const NEVER = new AbortController().signal;
const model = randomModel({
  shape: { layers: 1, width: 32, heads: 2, cacheHeads: 1, hidden: 32, contextTokens: 64 },
});
const sha256 = createHash('sha256').update(model).digest('hex');
let base: string;
let modelPath: string;
let home: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'model-shelf-'));
  modelPath = join(base, 'default.gguf');
  await writeFile(modelPath, plumbingModel());
});
beforeEach(async () => {
  home = await mkdtemp(join(base, 'home-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

const shelfOf = (clock = systemClock): Promise<ModelShelf> =>
  createModelShelf({ home, modelPath, clock, random: systemRandom, tell: () => undefined });

async function* inChunks(bytes: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'a value',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
}

const stored = (): Promise<string[]> => readdir(join(home, 'models')).catch(() => []);

describe('createModelShelf', () => {
  it('offers the model it was started with, under the hash of its bytes', async () => {
    const shelf = await shelfOf();
    const [offer] = shelf.offers();
    const expected = createHash('sha256').update(plumbingModel()).digest('hex');
    expect(offer).toEqual({
      id: expected,
      name: 'plumbing model: speaks nonsense',
      sizeBytes: plumbingModel().length,
      sha256: expected,
      starter: false,
      path: `/models/${expected}`,
      needs: { contextTokens: 8_192, cacheBytesPerToken: 256, headCount: 4, largestTensorBytes: 121_600 },
    });
    expect(shelf.pathOf(expected)).toBe(modelPath);
  });

  it.each(['unknown', '../default.gguf', '__proto__', ''])('knows no path for "%s"', async (id) => {
    expect((await shelfOf()).pathOf(id)).toBeUndefined();
  });

  it('takes an upload, keeps it over a restart, and is readable by its owner alone', async () => {
    const shelf = await shelfOf();
    const ticket = shelf.openUpload('mine.gguf', model.length);
    const offer = await shelf.receiveUpload(ticket, inChunks(model), NEVER);
    expect(offer).toMatchObject({ id: sha256, sizeBytes: model.length, starter: false });
    expect(shelf.offers()).toContainEqual(offer);
    const path = shelf.pathOf(sha256) ?? '';
    expect(Buffer.compare(await readFile(path), model)).toBe(0);
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await shelfOf()).offers()).toContainEqual(offer);
  });

  it('keeps one file for the same bytes sent twice', async () => {
    const shelf = await shelfOf();
    for (let round = 0; round < 2; round += 1)
      await shelf.receiveUpload(shelf.openUpload('mine', model.length), inChunks(model), NEVER);
    expect(await stored()).toEqual([`${sha256}.gguf`]);
  });

  it('takes a ticket once, and none that it did not give', async () => {
    const shelf = await shelfOf();
    const ticket = shelf.openUpload('mine', model.length);
    await shelf.receiveUpload(ticket, inChunks(model), NEVER);
    expect(await codeOf(shelf.receiveUpload(ticket, inChunks(model), NEVER))).toBe('ArgumentInvalid');
    expect(await codeOf(shelf.receiveUpload('guessed', inChunks(model), NEVER))).toBe('ArgumentInvalid');
  });

  it('lets a ticket lapse after a minute', async () => {
    const clock = new VirtualClock();
    const shelf = await shelfOf(clock);
    const ticket = shelf.openUpload('mine', model.length);
    await clock.advance(61_000);
    expect(await codeOf(shelf.receiveUpload(ticket, inChunks(model), NEVER))).toBe('ArgumentInvalid');
  });

  it('refuses junk with its first bytes, reading no further', async () => {
    const shelf = await shelfOf();
    let read = 0;
    const junk = (async function* () {
      await Promise.resolve();
      for (; read < 1_000; read += 1) yield new Uint8Array(100);
    })();
    expect(await codeOf(shelf.receiveUpload(shelf.openUpload('junk', 100_000), junk, NEVER))).toBe(
      'ModelNotGguf',
    );
    expect(read).toBe(0);
    expect(await stored()).toEqual([]);
  });

  it.each([
    ['ends early', model.subarray(0, -1), model.length, 'ModelTruncated'],
    ['is a whole model, but less than announced', model, model.length + 1, 'ModelTruncated'],
    ['is cut before it was announced', model.subarray(0, -64), model.length - 64, 'ModelTruncated'],
    ['is longer than announced', model, model.length - 1, 'MessageTooLarge'],
    [
      'has four good bytes only',
      new TextEncoder().encode('GGUFjunkjunkjunkjunkjunkjunk'),
      28,
      'ModelUnsupported',
    ],
  ])('leaves nothing behind of an upload that %s', async (_, bytes, announced, code) => {
    const shelf = await shelfOf();
    const ticket = shelf.openUpload('mine', announced);
    expect(await codeOf(shelf.receiveUpload(ticket, inChunks(bytes, 3_333), NEVER))).toBe(code);
    expect(await stored()).toEqual([]);
    expect(shelf.offers()).toHaveLength(1);
  });

  it('leaves nothing behind of an upload that is given up', async () => {
    const shelf = await shelfOf();
    const aborter = new AbortController();
    const body = (async function* () {
      yield model.subarray(0, 5_000);
      await Promise.resolve();
      aborter.abort(new AppError('Aborted', 'The upload was cut off.'));
      yield model.subarray(5_000);
    })();
    const ticket = shelf.openUpload('mine', model.length);
    expect(await codeOf(shelf.receiveUpload(ticket, body, aborter.signal))).toBe('Aborted');
    expect(await stored()).toEqual([]);
  });

  it('refuses what the disk cannot hold before reading any of it', async () => {
    const shelf = await shelfOf();
    const ticket = shelf.openUpload('mine', 2 ** 52);
    expect(await codeOf(shelf.receiveUpload(ticket, inChunks(model), NEVER))).toBe('StorageFailed');
  });

  it('sweeps what an earlier run left unfinished, and nothing else', async () => {
    const folder = join(home, 'models');
    await mkdir(folder);
    await writeFile(join(folder, 'c0ffee00-0000-4000-8000-000000000000.part'), 'half');
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await writeFile(join(folder, `${'0'.repeat(64)}.gguf`), 'not a model');
    expect((await shelfOf()).offers()).toHaveLength(1);
    expect((await stored()).toSorted()).toEqual([`${'0'.repeat(64)}.gguf`, 'notes.txt']);
  });

  it('names what is wrong with the model it shall start with', async () => {
    const at = (path: string): Promise<ModelShelf> =>
      createModelShelf({
        home,
        modelPath: path,
        clock: systemClock,
        random: systemRandom,
        tell: () => undefined,
      });
    const junk = join(home, 'junk.gguf');
    await writeFile(junk, 'no model');
    expect(await codeOf(at(join(home, 'gone.gguf')))).toBe('ModelNotFound');
    expect(await codeOf(at(home))).toBe('ModelNotFound');
    expect(await codeOf(at(junk))).toBe('ModelNotGguf');
  });
});
