/** Owns the journey of fetching a model: approve its host, watch it come, lose the tab, go on, verify, think with it. */
import { CHUNK_BYTES } from '../../web/inference/downloads/chunks.ts';
import { plumbingModel } from '../models/plumbing-model.ts';
import { splitModel } from '../models/split-model.ts';
import { expect, test } from './journey.ts';
import { startFolderHost, startModelHost, type ModelHost } from './model-host.ts';
import type { Visitor } from './visitor.ts';

const MIB = 1024 * 1024;
const BIG_BYTES = 200 * MIB;
const SMALL_BYTES = 40 * MIB;

/** Other bytes at every place, without 200 MB in memory. */
function bigBytes(start: number, end: number): Uint8Array {
  return Uint8Array.from({ length: end - start }, (_none, at) => ((start + at) * 2_654_435_761) >>> 13);
}

async function withHost(
  work: (host: ModelHost) => Promise<void>,
  sizeBytes = BIG_BYTES,
  bytesOf = bigBytes,
): Promise<void> {
  const host = await startModelHost(sizeBytes, bytesOf);
  try {
    await work(host);
  } finally {
    await host.close();
  }
}

/** In the page: what a bad disk does to the one model that lies in this browser. */
async function flipStoredByte(position: number): Promise<void> {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
  for await (const handle of folder.values()) {
    if (!(handle instanceof FileSystemFileHandle) || !handle.name.endsWith('.gguf')) continue;
    const [byte = 0] = new Uint8Array(
      await (await handle.getFile()).slice(position, position + 1).arrayBuffer(),
    );
    const writable = await handle.createWritable({ keepExistingData: true });
    await writable.write({ type: 'write', position, data: Uint8Array.of(byte ^ 1) });
    await writable.close();
  }
}

async function ask(visitor: Visitor, address: string): Promise<void> {
  const { models } = visitor;
  const more = models.getByText('Get another model');
  if (!(await models.getByLabel('Address of a GGUF file').isVisible())) await more.click();
  await models.getByLabel('Address of a GGUF file').fill(address);
  await models.getByRole('button', { name: 'Download from this address' }).click();
}

async function approveAndAsk(visitor: Visitor, host: ModelHost): Promise<void> {
  await ask(visitor, host.address);
  await visitor.models.getByRole('button', { name: `Approve ${host.origin} and download` }).click();
}

test.describe('a model from elsewhere', () => {
  test('is fetched from an approved host only, and thought with', async ({ settle }) => {
    const { visitor } = await settle(['--lane', 'gguf']);
    const other = otherModel();
    await withHost(
      async (host) => {
        await ask(visitor, host.address);
        await expect(visitor.models).toContainText('is not among the hosts that models may come from');
        expect(host.requests).toBe(0);
        host.misbehave('page');
        await visitor.models.getByRole('button', { name: `Approve ${host.origin} and download` }).click();
        await expect(visitor.models).toContainText('sent a web page in place of big.gguf');
        // Where it sends to was approved by nobody, and is not asked: the policy of the worker sees to that.
        await withHost(async (unapproved) => {
          host.misbehave({ sendTo: unapproved.address });
          await ask(visitor, host.address);
          await expect(visitor.models).toContainText('does not answer, or sends elsewhere');
          expect(unapproved.requests).toBe(0);
        });
        host.misbehave(undefined);
        await ask(visitor, host.address);
        const here = visitor.models.getByRole('list', { name: 'Models that are here' });
        await visitor.models.getByRole('button', { name: 'Copy big.gguf to the companion' }).click();
        await expect(here).toContainText(/big\.gguf.*copied to the companion/s);
        await visitor.models.getByRole('button', { name: 'Use big.gguf' }).click();
        await expect(here).toContainText(/big\.gguf.*in use/s);
        await visitor.personaIsIdle();
        await visitor.ask('Hello?');
      },
      other.length,
      (start, end) => other.slice(start, end),
    );
  });

  test('is fetched with all of its shards where it was split, and thought with as one', async ({
    settle,
  }) => {
    const { visitor } = await settle(['--lane', 'gguf']);
    const { models } = visitor;
    const shards = await splitModel(otherModel(), 3, 'big');
    const files = new Map(shards.map(({ name, bytes }) => [name, bytes]));
    const host = await startFolderHost(files);
    try {
      files.delete('big-00003-of-00003.gguf');
      await ask(visitor, `${host.origin}/big-00002-of-00003.gguf`);
      await models.getByRole('button', { name: `Approve ${host.origin} and download` }).click();
      await expect(models).toContainText('does not give out big-00003-of-00003.gguf');
      for (const { name, bytes } of shards) files.set(name, bytes);
      await ask(visitor, `${host.origin}/big-00002-of-00003.gguf`);
      await models.getByRole('button', { name: 'Use big.gguf' }).click();
      const here = models.getByRole('list', { name: 'Models that are here' });
      await expect(here).toContainText(/big\.gguf.*3 files.*in use/s);
      await visitor.personaIsIdle();
      await visitor.ask('Hello?');
      // The companion gets the one file that they join to, and knows it by the same hash.
      await models.getByRole('button', { name: 'Copy big.gguf to the companion' }).click();
      await expect(here).toContainText(/big\.gguf.*3 files.*copied to the companion/s);
    } finally {
      await host.close();
    }
  });

  test('goes on where it was when its tab was killed at 96 %, and is mended where the disk spoils it', async ({
    start,
    profile,
    visit,
  }) => {
    const companion = await start();
    const context = await profile();
    const first = await visit(companion.link, context);
    await first.personaIsIdle();
    await withHost(async (host) => {
      host.holdAt(0.96 * BIG_BYTES);
      await approveAndAsk(first, host);
      const bar = first.models.getByRole('progressbar', { name: 'Download of big.gguf' });
      await expect
        .poll(async () => Number(await bar.evaluate((element) => (element as HTMLProgressElement).value)), {
          timeout: 90_000,
          intervals: [50],
        })
        .toBeGreaterThanOrEqual(0.96 * BIG_BYTES);
      const killer = await context.newCDPSession(first.page);
      killer.send('Page.crash').catch(() => undefined);
      await first.page.waitForEvent('crash').catch(() => undefined);
      await first.page.close();
      host.letOn();
      host.takeSentBytes();
      const second = await visit(companion.origin, context);
      await second.models.getByRole('button', { name: 'Resume the download of big.gguf' }).click();
      await expect(second.models.getByRole('button', { name: 'Use big.gguf' })).toBeVisible({
        timeout: 60_000,
      });
      const again = host.takeSentBytes();
      console.log(
        `After the kill ${again} bytes of ${BIG_BYTES} were fetched (${((100 * again) / BIG_BYTES).toFixed(1)} %)`,
      );
      expect(again).toBeLessThan(0.05 * BIG_BYTES);

      await second.page.evaluate(flipStoredByte, 3 * MIB);
      await second.models.getByRole('button', { name: 'Check big.gguf' }).click();
      await expect(second.models).toContainText('1 part was damaged and fetched again', { timeout: 60_000 });
      expect(host.takeSentBytes()).toBe(CHUNK_BYTES);

      // Spoiled again while its host is no help: a download that goes on where the good bytes are.
      await second.page.evaluate(flipStoredByte, 5 * MIB);
      host.misbehave('page');
      await second.models.getByRole('button', { name: 'Check big.gguf' }).click();
      await expect(second.models).toContainText('sent a web page in place of big.gguf', { timeout: 60_000 });
      await expect(second.models.getByRole('button', { name: 'Use big.gguf' })).toHaveCount(0);
      host.misbehave(undefined);
      host.takeSentBytes();
      await second.models.getByRole('button', { name: 'Resume the download of big.gguf' }).click();
      await expect(second.models.getByRole('button', { name: 'Use big.gguf' })).toBeVisible({
        timeout: 60_000,
      });
      expect(host.takeSentBytes()).toBe(CHUNK_BYTES);
    });
  });

  test('stops by name where the disk is full, keeps what has arrived, and goes on when there is room', async ({
    settle,
  }) => {
    const { visitor } = await settle();
    const { models, page } = visitor;
    const disk = await page.context().newCDPSession(page);
    const { origin } = new URL(page.url());
    await withHost(async (host) => {
      host.holdAt(SMALL_BYTES / 2);
      await approveAndAsk(visitor, host);
      const bar = models.getByRole('progressbar', { name: 'Download of big.gguf' });
      await expect
        .poll(async () => Number(await bar.evaluate((element) => (element as HTMLProgressElement).value)))
        .toBeGreaterThan(SMALL_BYTES / 4);
      await disk.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: MIB });
      host.letOn();
      await expect(models).toContainText('Free some disk space');
      host.takeSentBytes();
      await disk.send('Storage.overrideQuotaForOrigin', { origin });
      await models.getByRole('button', { name: 'Resume the download of big.gguf' }).click();
      await expect(models.getByRole('button', { name: 'Use big.gguf' })).toBeVisible();
      expect(host.takeSentBytes()).toBeLessThan(0.8 * SMALL_BYTES);
    }, SMALL_BYTES);
  });
});

/** The last byte of the last weight: the same nonsense under another hash. */
function otherModel(): Uint8Array<ArrayBuffer> {
  const model = plumbingModel();
  model[model.length - 1] = (model.at(-1) ?? 0) ^ 1;
  return model;
}
