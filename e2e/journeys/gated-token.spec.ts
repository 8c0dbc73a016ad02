/** Owns the journey of a model that its host gives only to known accounts: refused by name, and fetched with the person's token. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from '@playwright/test';
import { expect, test } from './journey.ts';

const TOKEN = 'hf_SecretOfMine0123456789';
const COMMIT = '9217f5db79a29953eb74d5343926648285ec7e67';
const BYTES = 'not a model, but bytes';

/** The host refuses every page; what the companion would bring is given in its place, since nothing leaves this machine. */
async function standInHost(profile: BrowserContext, asked: string[]): Promise<void> {
  await profile.route('https://huggingface.co/**', (route) =>
    route.fulfill({ status: 401, headers: { 'access-control-allow-origin': '*' } }),
  );
  await profile.route('**/gated/**', async (route) => {
    const { pathname } = new URL(route.request().url());
    asked.push(pathname);
    if (pathname.includes('/revision/')) await route.fulfill({ json: { sha: COMMIT } });
    else if (pathname.includes('/tree/'))
      await route.fulfill({ json: [{ path: 'big.gguf', size: BYTES.length }] });
    else
      await route.fulfill({
        status: 206,
        headers: { 'content-range': `bytes 0-${BYTES.length - 1}/${BYTES.length}` },
        contentType: 'application/octet-stream',
        body: BYTES,
      });
  });
}

/** All that this page keeps, and all that stands in it. */
function everythingOf(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const found: unknown[] = [
      document.documentElement.outerHTML,
      Object.entries(localStorage),
      Object.entries(sessionStorage),
    ];
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(new Error(name));
      });
      for (const store of database.objectStoreNames) {
        found.push(
          await new Promise((resolve) => {
            const reading = database.transaction(store).objectStore(store).getAll();
            reading.onsuccess = () => resolve(reading.result);
          }),
        );
      }
      database.close();
    }
    return JSON.stringify(found);
  });
}

test('a gated model is refused by name, and comes with a token that the companion alone keeps', async ({
  settle,
  home,
}) => {
  const { companion, visitor } = await settle();
  const { models, page } = visitor;
  const asked: string[] = [];
  await standInHost(page.context(), asked);
  const fetchIt = async (): Promise<void> => {
    await models
      .getByLabel('Address of a GGUF file')
      .fill('https://huggingface.co/a/b/resolve/main/big.gguf');
    await models.getByRole('button', { name: 'Download from this address' }).click();
  };
  await models.getByText('Get another model').click();
  await fetchIt();
  await expect(models).toContainText('only to accounts that may have it');
  await expect(models).toContainText('give a token of your account under "Models"');
  expect(asked).toEqual([]);

  await models.getByText('Access token for gated models').click();
  const field = models.getByLabel('Token', { exact: true });
  await field.fill('too short');
  await models.getByRole('button', { name: 'Keep the token' }).click();
  await expect(models).toContainText('A token has at least 16 characters.');
  await field.fill(TOKEN);
  await models.getByRole('button', { name: 'Keep the token' }).click();
  await expect(models).toContainText('One is kept; it ends in 6789.');
  await expect(models.getByLabel('Another token in its place')).toHaveValue('');
  const file = join(home, 'gated-models.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file, 'utf8')).toContain(TOKEN);

  await fetchIt();
  await expect(models.getByRole('list', { name: 'Models that are here' })).toContainText('big.gguf');
  expect(asked.every((path) => /^\/gated\/[\w-]{43}\/(?:api\/models\/)?a\/b\//.test(path))).toBe(true);

  await page.reload();
  await visitor.personaIsIdle();
  await models.getByText('Access token for gated models').click();
  await expect(models).toContainText('it ends in 6789.');
  expect(await everythingOf(page)).not.toContain('SecretOfMine');
  expect(await readFile(join(home, 'logs', 'companion.log'), 'utf8')).not.toContain('SecretOfMine');
  expect(JSON.stringify(companion)).not.toContain('SecretOfMine');

  await models.getByRole('button', { name: 'Remove this token' }).click();
  await expect(models.getByRole('button', { name: 'Keep the token' })).toBeVisible();
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
});
