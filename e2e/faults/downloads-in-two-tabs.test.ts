import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NEXT_STEP } from '../../shared/errors.ts';
import { startModelHost, type ModelHost } from '../journeys/model-host.ts';
import { startLaneRig, type LaneRig } from '../lanes/lane-rig.ts';
import { launchProfile } from '../run/chromium.ts';

const FILE = Uint8Array.from({ length: 24 * 1024 * 1024 }, (_none, at) => (at * 2_654_435_761) >>> 13);
const NAME = `${createHash('sha256').update(FILE).digest('hex')}.gguf`;

let folder: string;
let host: ModelHost;
let rig: LaneRig;
let profileFolder: string;
let profile: BrowserContext;
let first: Page;
let second: Page;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'two-tabs-'));
  host = await startModelHost(FILE.length, (start, end) => FILE.subarray(start, end));
  rig = await startLaneRig(new Map(), {
    page: new URL('page', import.meta.url),
    policy: (own) => own.replace("connect-src 'self'", `connect-src 'self' ${host.origin}`),
  });
});
afterAll(async () => {
  await rig.stop();
  await host.close();
  await rm(folder, { recursive: true, force: true });
});
/** Two tabs of which neither knows of the other, as after a move from one to the other; their files lie on the disk. */
beforeEach(async () => {
  profileFolder = await mkdtemp(join(folder, 'profile-'));
  await openTabs();
});
afterEach(() => profile.close());

async function openTabs(): Promise<void> {
  profile = await launchProfile(profileFolder);
  first = await profile.newPage();
  second = await profile.newPage();
  for (const page of [first, second]) await page.goto(rig.origin);
}

const download = (page: Page) => page.evaluate((address) => window.download(address), host.address);

async function halfWay(): Promise<{ readonly ended: ReturnType<typeof download> }> {
  host.takeSentBytes();
  host.holdAt(FILE.length / 2);
  const ended = download(first);
  await expect
    .poll(() => first.evaluate(() => window.downloadStates[0]?.doneBytes), { timeout: 20_000 })
    .toBeGreaterThan(FILE.length / 4);
  return { ended };
}

/** Names of the model files whose bytes are those that their name tells. */
function wholeModels(): Promise<readonly string[]> {
  return second.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const models = await root.getDirectoryHandle('models', { create: true });
    const whole: string[] = [];
    for await (const handle of models.values()) {
      if (!(handle instanceof FileSystemFileHandle) || !handle.name.endsWith('.gguf')) continue;
      const bytes = await (await handle.getFile()).arrayBuffer();
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
      if (handle.name === `${hex}.gguf`) whole.push(handle.name);
    }
    return whole;
  });
}

describe('a download that is under way', () => {
  it('is refused by name in another tab, which takes nothing from the first', async () => {
    const { ended } = await halfWay();
    expect(await download(second)).toMatchObject({
      code: 'DownloadElsewhere',
      message: 'big.gguf is being loaded elsewhere.',
    });
    expect(NEXT_STEP.DownloadElsewhere).toContain('wait for it');
    host.letOn();
    expect(await ended).toBeUndefined();
    expect(await wholeModels()).toEqual([NAME]);
    expect(host.takeSentBytes()).toBe(FILE.length);
  });

  it('loses none of its files to another tab', async () => {
    const { ended } = await halfWay();
    const refusals = await second.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const parts = await root.getDirectoryHandle('downloads');
      const names: string[] = [];
      for await (const name of parts.keys()) if (!name.endsWith('.json')) names.push(name);
      const removals = names.map((name) => parts.removeEntry(name).catch((error: Error) => error.name));
      return Promise.all(removals);
    });
    expect(refusals).toEqual(['NoModificationAllowedError', 'NoModificationAllowedError']);
    host.letOn();
    expect(await ended).toBeUndefined();
    expect(await wholeModels()).toEqual([NAME]);
  });

  it('that loses its files with the data of the site is named, no model comes of it, and begins anew', async () => {
    const { ended } = await halfWay();
    const settings = await profile.newCDPSession(second);
    await settings.send('Storage.clearDataForOrigin', { origin: rig.origin, storageTypes: 'file_systems' });
    host.letOn();
    expect(await ended).toMatchObject({
      code: 'StorageFailed',
      message: expect.stringContaining('Restart the browser') as string,
    });
    expect(NEXT_STEP.StorageFailed).toContain('reload');
    expect(await first.evaluate(() => window.downloadStates)).toMatchObject([
      { phase: 'paused', error: { code: 'StorageFailed' } },
    ]);
    expect(await wholeModels()).toEqual([]);
    // Chromium holds the lock of a file that went away as long as it runs.
    await profile.close();
    await openTabs();
    expect(await download(first)).toBeUndefined();
    expect(await wholeModels()).toEqual([NAME]);
  });
});
