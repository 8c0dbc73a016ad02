import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { systemRandom } from '../../shared/random.ts';
import { createModelShelf } from '../llama/model-shelf.ts';
import { readMlcFolder } from './mlc-folder.ts';

const CONFIG = {
  quantization: 'q4f16_1',
  vocab_size: 8,
  conv_template: { name: 'x' },
  context_window_size: 2_048,
  tokenizer_files: ['tokenizer.json'],
};
const WEIGHTS = { records: [{ dataPath: 'params_shard_0.bin', nbytes: 5 }] };

let base: string;
let folder: string;
let count = 0;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'mlc-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));
beforeEach(async () => {
  folder = join(base, `Small-${(count += 1)}`);
  await mkdir(folder);
  await put('mlc-chat-config.json', JSON.stringify(CONFIG));
  await put('tensor-cache.json', JSON.stringify(WEIGHTS));
  await put('params_shard_0.bin', '12345');
  await put('tokenizer.json', '{}');
  await put('lib.wasm', 'wasm');
  await put('README.md', 'not part of it');
});

const put = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
const read = () => readMlcFolder(folder, () => undefined);

describe('a folder that MLC compiled', () => {
  it('tells its files and what it needs', async () => {
    const found = await read();
    expect(found).toMatchObject({ library: 'lib.wasm', contextTokens: 2_048, needsF16: true });
    expect([...found.files.keys()].toSorted()).toEqual([
      'lib.wasm',
      'mlc-chat-config.json',
      'params_shard_0.bin',
      'tensor-cache.json',
      'tokenizer.json',
    ]);
    await put('params_shard_0.bin', '12346');
    expect((await read()).sha256).not.toBe(found.sha256);
  });

  it.each<[string, string, unknown, string]>([
    ['cut weights', 'params_shard_0.bin', 'x', 'ModelTruncated'],
    ['no template', 'mlc-chat-config.json', { ...CONFIG, conv_template: undefined }, 'ModelUnsupported'],
    ['no vocabulary', 'mlc-chat-config.json', { ...CONFIG, vocab_size: undefined }, 'ModelUnsupported'],
    ['no JSON', 'tensor-cache.json', '{', 'ModelUnsupported'],
    ['two libraries', 'other.wasm', 'x', 'ModelUnsupported'],
    [
      'a way out of the folder',
      'tensor-cache.json',
      { records: [{ dataPath: '../../etc/passwd', nbytes: 1 }] },
      'ModelUnsupported',
    ],
    [
      'a file that is not there',
      'mlc-chat-config.json',
      { ...CONFIG, tokenizer_files: ['gone'] },
      'ModelNotFound',
    ],
  ])('is refused with %s', async (_what, name, content, code) => {
    await put(name, typeof content === 'string' ? content : JSON.stringify(content));
    await expect(read()).rejects.toMatchObject({ code });
  });

  it('is refused when it is none', async () => {
    await expect(readMlcFolder(base, () => undefined)).rejects.toMatchObject({ code: 'ModelNotFound' });
  });

  it('stands on the shelf, with its own files and no others', async () => {
    const told: string[] = [];
    const shelf = await createModelShelf({
      home: join(base, 'home'),
      modelPath: folder,
      clock: systemClock,
      random: systemRandom,
      tell: (line) => told.push(line),
    });
    const [offer] = shelf.offers();
    expect(offer).toMatchObject({ mlc: { library: 'lib.wasm', needsF16: true }, starter: false });
    const path = shelf.pathOf(`${offer?.id}/resolve/main/tokenizer.json`);
    expect(await readFile(path ?? '', 'utf8')).toBe('{}');
    for (const name of ['README.md', '../lib.wasm', ''])
      expect(shelf.pathOf(`${offer?.id}/resolve/main/${name}`)).toBeUndefined();
    expect(shelf.pathOf(offer?.id ?? '')).toBeUndefined();
  });
});
