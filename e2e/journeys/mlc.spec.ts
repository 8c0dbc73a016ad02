/** Owns the journeys of a model that MLC compiled: from a folder or fetched by its address, web-llm in the tab, its answer in the room. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MLC_TEST_MODEL } from '../models/mlc/test-model.ts';
import { launchChromium, WEBGPU_ON_SWIFTSHADER } from '../run/chromium.ts';
import { expect, test } from './journey.ts';
import { startFolderHost } from './model-host.ts';
import { Visitor } from './visitor.ts';

test.describe('a folder that MLC compiled', () => {
  test.skip(!existsSync(MLC_TEST_MODEL), 'left out: npm run make:mlc-test-model makes the model for it');

  test('is thought with in the tab, on WebGPU', async ({ start }) => {
    const companion = await start(['--model', MLC_TEST_MODEL]);
    const browser = await launchChromium(WEBGPU_ON_SWIFTSHADER);
    try {
      const visitor = await Visitor.arrive(await browser.newContext(), companion.link);
      await visitor.personaIsIdle();
      await expect(visitor.status).toContainText('mlc, in this tab');
      await expect(visitor.status).toContainText('web-llm 0.2.86 on WebGPU');
      await expect(visitor.models).toContainText('mlc-test-model');
      const { event, completionTokens } = await visitor.sayAndSettle('Hello?');
      // Random weights: they may say nothing, or be silent, in the form that the grammar gives them.
      expect(event).not.toBe('turn.errored');
      expect(completionTokens).toBeGreaterThan(5);
      expect(visitor.defects).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

/** In the page: what a bad disk does to the largest file of the one bundle that lies in this browser. */
async function flipByteOfBundle(): Promise<void> {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('bundles');
  for await (const bundle of root.values()) {
    if (!(bundle instanceof FileSystemDirectoryHandle)) continue;
    for await (const handle of (await bundle.getDirectoryHandle('models')).values()) {
      if (!(handle instanceof FileSystemFileHandle) || !handle.name.endsWith('.gguf')) continue;
      const file = await handle.getFile();
      if (file.size !== 558_336) continue;
      const [byte = 0] = new Uint8Array(await file.slice(99, 100).arrayBuffer());
      const writable = await handle.createWritable({ keepExistingData: true });
      await writable.write({ type: 'write', position: 99, data: Uint8Array.of(byte ^ 1) });
      await writable.close();
    }
  }
}

/** In the page: whatever is left of bundles, and what web-llm put into a cache. */
async function keptOfBundles(): Promise<readonly string[]> {
  const names: string[] = await caches.keys();
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('bundles');
  for await (const name of root.keys()) names.push(name);
  return names;
}

test.describe('a compiled model at an address', () => {
  test.skip(!existsSync(MLC_TEST_MODEL), 'left out: npm run make:mlc-test-model makes the model for it');

  test('is fetched, lost in the middle, fetched on, and thought with, without the companion', async ({
    start,
  }) => {
    test.setTimeout(240_000);
    const files = new Map<string, Uint8Array>();
    for (const name of await readdir(MLC_TEST_MODEL))
      files.set(`tiny/resolve/main/${name}`, await readFile(join(MLC_TEST_MODEL, name)));
    const total = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    const host = await startFolderHost(files);
    const companion = await start();
    const browser = await launchChromium(WEBGPU_ON_SWIFTSHADER);
    try {
      const context = await browser.newContext();
      const first = await Visitor.arrive(context, companion.link);
      await first.personaIsIdle();
      host.holdAt(0.6 * total);
      await first.models.getByText('Get another model').click();
      await first.models.getByLabel('Address of a GGUF file').fill(`${host.origin}/tiny/`);
      await first.models.getByRole('button', { name: 'Download from this address' }).click();
      await first.models.getByRole('button', { name: `Approve ${host.origin} and download` }).click();
      const bar = first.models.getByRole('progressbar', { name: 'Download of tiny' });
      await expect
        .poll(async () => Number(await bar.evaluate((element) => (element as HTMLProgressElement).value)))
        .toBeGreaterThan(0.4 * total);
      const killer = await context.newCDPSession(first.page);
      killer.send('Page.crash').catch(() => undefined);
      await first.page.waitForEvent('crash').catch(() => undefined);
      await first.page.close();
      host.letOn();
      host.takeSentBytes();

      const second = await Visitor.arrive(context, companion.origin);
      const { models } = second;
      await models.getByRole('button', { name: 'Resume the download of tiny' }).click();
      const use = models.getByRole('button', { name: 'Use tiny' });
      await expect(use).toBeVisible();
      const again = host.takeSentBytes();
      console.log(`After the kill ${again} bytes of ${total} were fetched`);
      expect(again).toBeLessThan(0.7 * total);

      const asked = host.requests;
      await use.click();
      await expect(second.status).toContainText('mlc, in this tab', { timeout: 60_000 });
      const here = models.getByRole('list', { name: 'Models that are here' });
      await expect(here).toContainText(/tiny.*6 files.*in use/s);
      const { event, completionTokens } = await second.sayAndSettle('Hello?');
      expect(event).not.toBe('turn.errored');
      expect(completionTokens).toBeGreaterThan(5);
      // web-llm itself fetched nothing, and kept nothing beside our files.
      expect(host.requests).toBe(asked);
      expect(await second.page.evaluate(keptOfBundles)).toHaveLength(1);

      // The other model again; then the disk spoils this one: web-llm would think with garbage.
      await models.getByRole('button', { name: /^Use (?!tiny)/ }).click();
      await expect(use).toBeVisible({ timeout: 60_000 });
      await second.page.evaluate(flipByteOfBundle);
      await use.click();
      await expect(models).toContainText('The disk has changed params_shard_0.bin', { timeout: 60_000 });
      await models.getByRole('button', { name: 'Check tiny' }).click();
      await expect(models).toContainText('damaged and fetched again', { timeout: 60_000 });
      await use.click();
      await expect(second.status).toContainText('mlc, in this tab', { timeout: 60_000 });

      await models.getByRole('button', { name: /^Use (?!tiny)/ }).click();
      await models.getByRole('button', { name: 'Delete tiny from this browser' }).click();
      await expect(use).toHaveCount(0);
      expect(await second.page.evaluate(keptOfBundles)).toEqual([]);
      expect(second.defects).toEqual([]);
    } finally {
      await browser.close();
      await host.close();
    }
  });
});

test('a folder that MLC compiled is refused by name where there is no GPU, and the page stays', async ({
  home,
  start,
  visit,
}) => {
  const folder = join(home, 'compiled');
  await mkdir(folder);
  const config = {
    quantization: 'q4f16_1',
    vocab_size: 8,
    conv_template: {},
    context_window_size: 2_048,
    tokenizer_files: ['tokenizer.json'],
  };
  for (const [name, content] of [
    ['mlc-chat-config.json', JSON.stringify(config)],
    ['tensor-cache.json', JSON.stringify({ records: [{ dataPath: 'shard.bin', nbytes: 1 }] })],
    ['shard.bin', 'x'],
    ['tokenizer.json', '{}'],
    ['model.wasm', ''],
  ] as const)
    await writeFile(join(folder, name), content);
  const companion = await start(['--model', folder]);
  const visitor = await visit(companion.link);
  await expect(visitor.models).toContainText('this model is compiled for WebGPU in f16');
  await expect(visitor.models).toContainText('NoLane');
});
