import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { plumbingModel } from '../../e2e/models/plumbing-model.ts';
import { randomModel } from '../../e2e/models/random-model.ts';
import { systemClock } from '../../shared/clock.ts';
import { systemRandom } from '../../shared/random.ts';
import type { ModelShelf } from '../llama/backend.ts';
import { createModelShelf } from '../llama/model-shelf.ts';
import { openAdoptedModels } from './adopted-file.ts';

const MODEL = randomModel();
const SHA = createHash('sha256').update(MODEL).digest('hex');
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adopted-'));
  const place = join(folder, 'lm', 'someone', 'random');
  await mkdir(place, { recursive: true });
  file = join(place, 'random.gguf');
  await writeFile(file, MODEL);
  await writeFile(join(folder, 'default.gguf'), plumbingModel());
  // The programs of whoever runs the test are none of its business.
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'lm'));
  vi.stubEnv('HOME', join(folder, 'nobody'));
  vi.stubEnv('OLLAMA_MODELS', join(folder, 'nobody'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<{
  shelf: ModelShelf;
  adopted: Awaited<ReturnType<typeof openAdoptedModels>>;
}> {
  const shelf = await createModelShelf({
    home: join(folder, 'home'),
    modelPath: join(folder, 'default.gguf'),
    clock: systemClock,
    random: systemRandom,
    tell: () => undefined,
  });
  return { shelf, adopted: await openAdoptedModels(join(folder, 'adopted.json'), shelf, systemRandom) };
}

describe('a model that another program holds', () => {
  it('is thought with where it is, and offered again while it is the same', async () => {
    const { shelf, adopted } = await start();
    const [found] = await adopted.list();
    expect(found).toMatchObject({ name: 'random.gguf', sizeBytes: MODEL.length });
    expect(JSON.stringify(found)).not.toContain(folder);
    const told: number[] = [];
    const offer = await adopted.adopt(found?.id ?? '', (read, of) => told.push(read / of));
    expect(told.at(-1)).toBe(1);
    expect(offer.sha256).toBe(SHA);
    expect(shelf.pathOf(SHA)).toBe(file);
    expect(await adopted.list()).toEqual([]);

    expect((await start()).shelf.pathOf(SHA)).toBe(file);
    await utimes(file, 1, 1);
    const later = await start();
    expect(later.shelf.pathOf(SHA)).toBeUndefined();
    expect(await later.adopted.list()).toHaveLength(1);
  });

  it('is taken only after it was listed, and only as a model', async () => {
    const { adopted } = await start();
    await expect(adopted.adopt('../../etc/passwd', () => undefined)).rejects.toMatchObject({
      code: 'ModelNotFound',
    });
    await writeFile(file, Buffer.alloc(MODEL.length));
    const [found] = await adopted.list();
    await expect(adopted.adopt(found?.id ?? '', () => undefined)).rejects.toMatchObject({
      code: 'ModelNotGguf',
    });
  });
});
