import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTarget } from '../../e2e/attacks/harness.ts';
import { startLlamaRig, type LlamaRig } from '../../e2e/models/llama-rig.ts';
import { randomModel } from '../../e2e/models/random-model.ts';
import { splitModel } from '../../e2e/models/split-model.ts';
import { systemClock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { systemRandom } from '../../shared/random.ts';
import { plain } from '../../shared/testing/lane-acceptance.ts';
import type { LlamaBackend } from './backend.ts';
import { modelBudget } from './model-budget.ts';
import { readModelFile } from './model-file.ts';
import { createModelShelf } from './model-shelf.ts';

const NEVER = new AbortController().signal;
const model = randomModel();
const sha256 = createHash('sha256').update(model).digest('hex');
const shards = await splitModel(model, 3);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'split-model-'));
  for (const { name, bytes } of shards) await writeFile(join(folder, name), bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pathOf = (at: number): string => join(folder, shards[at]?.name ?? '');
const shelfOf = (modelPath: string) =>
  createModelShelf({
    home: folder,
    modelPath,
    clock: systemClock,
    random: systemRandom,
    tell: () => undefined,
  });

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'a model',
    (error: unknown) => (error instanceof AppError ? `${error.code}: ${error.message}` : String(error)),
  );
}

describe('--model with a model in several files', () => {
  it.each([0, 1, 2])('takes all of them, given number %d', async (at) => {
    const shelf = await shelfOf(pathOf(at));
    expect(shelf.offers()).toEqual([
      expect.objectContaining({ id: sha256, sha256, sizeBytes: model.length, path: `/models/${sha256}` }),
    ]);
    // By the first an engine finds the others.
    expect(shelf.pathOf(sha256)).toBe(pathOf(0));
  });

  it('counts all of them in the budget', async () => {
    const whole = join(folder, 'whole.gguf');
    await writeFile(whole, model);
    const machine = { memoryBytes: 2 ** 34 };
    const split = modelBudget(await readModelFile(pathOf(1)), machine);
    expect(split).toEqual(modelBudget(await readModelFile(whole), machine));
  });

  it('names what stands in the place of a part, and is no file or cannot be opened', async () => {
    const other = await mkdtemp(join(tmpdir(), 'split-odd-'));
    try {
      const [first, second] = shards;
      await writeFile(join(other, first?.name ?? ''), first?.bytes ?? '');
      await mkdir(join(other, second?.name ?? ''));
      expect(await refusal(readModelFile(join(other, first?.name ?? '')))).toMatch(
        /^ModelNotFound: .*00002-of-00003\.gguf is not a file\.$/,
      );
      // A link in a circle stands for all that is there and does not open.
      await rm(join(other, second?.name ?? ''), { recursive: true });
      await symlink(second?.name ?? '', join(other, second?.name ?? ''));
      expect(await refusal(readModelFile(join(other, first?.name ?? '')))).toMatch(
        /^ModelNotFound: .*00002-of-00003\.gguf cannot be opened\.$/,
      );
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });

  it('names what is missing in the folder, and a part whose name does not say so', async () => {
    const poor = await mkdtemp(join(tmpdir(), 'split-model-poor-'));
    await copyFile(pathOf(1), join(poor, shards[1]?.name ?? ''));
    await copyFile(pathOf(0), join(poor, 'renamed.gguf'));
    expect(await refusal(readModelFile(join(poor, shards[1]?.name ?? '')))).toBe(
      'ModelIncomplete: Of the 3 parts of the model these are missing: model-00001-of-00003.gguf, model-00003-of-00003.gguf.',
    );
    expect(await refusal(readModelFile(join(poor, 'renamed.gguf')))).toMatch(
      /ModelIncomplete: .*part 1 of 3/,
    );
    // A whole model may have any name.
    const odd = join(poor, 'odd-00001-of-00007.gguf');
    await writeFile(odd, model);
    expect((await readModelFile(odd)).split).toBeUndefined();
    await rm(poor, { recursive: true });
  });

  it('gives out the one file that they are, whole or a range of it', async () => {
    const shelf = await shelfOf(pathOf(0));
    const target = await startTarget({ shelf: { pathOf: (id) => shelf.pathOf(id) } });
    const url = `${target.origin}/models/${sha256}`;
    const whole = new Uint8Array(await (await fetch(url)).arrayBuffer());
    expect(Buffer.compare(whole, model)).toBe(0);
    const middle = model.length >> 1;
    for (const [first, last] of [
      [0, 99],
      [middle - 300_000, middle + 300_000],
      [model.length - 7, model.length - 1],
    ] as const) {
      const part = await fetch(url, { headers: { range: `bytes=${first}-${last}` } });
      expect(part.headers.get('content-range')).toBe(`bytes ${first}-${last}/${model.length}`);
      const bytes = new Uint8Array(await part.arrayBuffer());
      expect(Buffer.compare(bytes, model.subarray(first, last + 1))).toBe(0);
    }
    await target.stop();
  });
});

describe('llama.cpp with a model in several files', () => {
  let rig: LlamaRig;
  beforeAll(async () => {
    rig = await startLlamaRig();
  });
  afterAll(() => rig.stop());

  it('says what it says with the one file', async () => {
    const shelf = await shelfOf(pathOf(2));
    const texts: string[] = [];
    const ask = async (backend: LlamaBackend, id: string): Promise<void> => {
      for await (const chunk of backend.generate(id, plain('Once upon a time', 24), NEVER))
        if (chunk.kind === 'done') texts.push(chunk.result.text);
    };
    await ask(await rig.start(), 'random');
    await ask(await rig.start({ shelf: { pathOf: (id) => shelf.pathOf(id) } }), sha256);
    expect(texts[0]).toMatch(/.{8}/);
    expect(texts[1]).toBe(texts[0]);
  });
});
