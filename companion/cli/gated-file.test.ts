import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../shared/random.ts';
import { openGatedToken } from './gated-file.ts';

const TOKEN = 'hf_0123456789abcdef';
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gated-'));
  path = join(folder, 'gated-models.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the file of the token', () => {
  it('is for its owner alone, is found again, and gone once it is removed', async () => {
    const token = await openGatedToken(path, systemRandom);
    expect(token.offer()).toBeUndefined();
    await token.set(TOKEN);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await token.set(`${TOKEN}-2`);
    const again = await openGatedToken(path, systemRandom);
    expect(again.authorization()).toBe(`Bearer ${TOKEN}-2`);
    expect(await readdir(folder)).toEqual(['gated-models.json']);
    await again.forget();
    await again.forget();
    expect((await openGatedToken(path, systemRandom)).offer()).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    '{',
    TOKEN,
    `{"version":1,"token":"${TOKEN}}`,
    `{"version":1,"token":"${TOKEN} x"}`,
    `{"version":1,"token":"short"}`,
  ])('that holds no token is left as it is, and not repeated: %s', async (text) => {
    await writeFile(path, text);
    const opening = openGatedToken(path, systemRandom);
    await expect(opening).rejects.toMatchObject({ code: 'HomeUnusable' });
    // The terminal shows the causes, too.
    let cause: unknown = await opening.catch((error: unknown) => error);
    for (; cause instanceof Error; cause = cause.cause)
      expect(cause.message).not.toContain(TOKEN.slice(0, 5));
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('that cannot be removed is named', async () => {
    const token = await openGatedToken(path, systemRandom);
    await token.set(TOKEN);
    await rm(path);
    await mkdir(path);
    await expect(token.forget()).rejects.toMatchObject({ code: 'HomeUnusable' });
    expect(token.offer()).toBeDefined();
  });
});
