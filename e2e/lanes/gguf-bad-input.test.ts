import { createHash } from 'node:crypto';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import { NEXT_STEP, type ErrorCode } from '../../shared/errors.ts';
import { plain } from '../../shared/testing/lane-acceptance.ts';
import { randomModel, RANDOM_SHAPE } from '../models/random-model.ts';
import { withOtherTensorName } from '../models/spoiled-model.ts';
import { launchProfile } from '../run/chromium.ts';
import { startLaneRig, withoutInWorker, type LaneRig } from './lane-rig.ts';

const MIB = 1024 * 1024;
const ON_WASM = { threads: 1, withoutWebgpu: 'no WebGPU' };

const SMALL = { ...RANDOM_SHAPE, layers: 1 };
const bytesOf = {
  /** Lies in the browser before anything goes wrong. */
  kept: randomModel({ seed: 2, shape: SMALL }),
  other: randomModel({ seed: 3, shape: SMALL }),
  lying: withOtherTensorName(randomModel({ seed: 4, shape: SMALL })),
};
type Name = keyof typeof bytesOf;
const shaOf = (name: Name): string => createHash('sha256').update(bytesOf[name]).digest('hex');
const fileOf = (name: Name): string => `${shaOf(name)}.gguf`;
const offerOf = (name: Name): ModelOffer => ({
  id: name,
  name: `${name}.gguf`,
  sizeBytes: bytesOf[name].length,
  sha256: shaOf(name),
  starter: false,
  path: `/models/${name}`,
});

let folder: string;
let models: ReadonlyMap<string, string>;
let rig: LaneRig;
let profile: BrowserContext;
let page: Page;
/** Another tab of the same browser. */
let elsewhere: Page;
/** It takes a minute: it begins before all others and is looked at after them. */
let withoutThreads: Promise<PromiseSettledResult<unknown>[]>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bad-input-'));
  for (const [name, bytes] of Object.entries(bytesOf)) await writeFile(join(folder, name), bytes);
  models = new Map(Object.keys(bytesOf).map((name) => [`/models/${name}`, join(folder, name)]));
  rig = await startLaneRig(models);
  withoutThreads = Promise.allSettled([openWithoutThreads()]);
});
afterAll(async () => {
  await withoutThreads;
  await rig.stop();
  await rm(folder, { recursive: true, force: true });
}, 120_000);

/** On the disk: in a profile without one, what a page stores lies in memory and is never lost. */
beforeEach(async () => {
  profile = await launchProfile(await mkdtemp(join(folder, 'profile-')));
  page = await arrive(rig);
  elsewhere = await profile.newPage();
  await elsewhere.goto(rig.origin);
  expect(await drop('kept')).toMatchObject({ ok: true });
  await page.evaluate(async () => window.laneRig!.close());
});
afterEach(() => profile.close());

async function arrive(at: LaneRig, browser = profile): Promise<Page> {
  const arrived = await browser.newPage();
  await arrived.goto(at.origin);
  await arrived.evaluate(() => {
    window.laneRig = window.startLaneRig();
  });
  return arrived;
}

/** Opens what the person dropped: the served bytes as a File. */
function drop(name: Name, on = page) {
  return on.evaluate(
    async ([from, options]) => {
      const file = new File([await (await fetch(`/models/${from}`)).blob()], `${from}.gguf`);
      return window.laneRig!.open({ kind: 'file', file }, options);
    },
    [name, ON_WASM] as const,
  );
}

const openOffer = (name: Name, on = page) =>
  on.evaluate(async ([offer, options]) => window.laneRig!.open({ kind: 'offer', offer }, options), [
    offerOf(name),
    ON_WASM,
  ] as const);

async function openWithoutThreads(): Promise<unknown> {
  const strict = await startLaneRig(models, {
    policy: (own) => own.replace("worker-src 'self' blob:", "worker-src 'self'"),
  });
  const browser = await launchProfile(await mkdtemp(join(folder, 'profile-')));
  try {
    return await openOffer('other', await arrive(strict, browser));
  } finally {
    await browser.close();
    await strict.stop();
  }
}

const generate = () =>
  page.evaluate(async (request) => window.laneRig!.generate([request]), plain('Hello', 2));
const embed = () => page.evaluate(async () => window.laneRig!.embed(['The sea is calm.']));
const unload = () => page.evaluate(async () => window.laneRig!.unload());

/** Names of the model files whose bytes are still those that their name tells. */
function wholeFiles(): Promise<readonly string[]> {
  return elsewhere.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const whole: string[] = [];
    for await (const handle of (await root.getDirectoryHandle('models', { create: true })).values()) {
      if (!(handle instanceof FileSystemFileHandle)) continue;
      const bytes = await (await handle.getFile()).arrayBuffer();
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      const hex = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
      if (handle.name === `${hex}.gguf`) whole.push(handle.name);
    }
    return whole.toSorted();
  });
}
/** Of what is being stored. */
function partBytes(): Promise<number> {
  return elsewhere.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    let bytes = 0;
    for await (const handle of (await root.getDirectoryHandle('models', { create: true })).values())
      if (handle instanceof FileSystemFileHandle && handle.name.endsWith('.part'))
        bytes += (await handle.getFile()).size;
    return bytes;
  });
}
const files = (...names: readonly Name[]): readonly string[] => names.map(fileOf).toSorted();

const REMOVALS = {
  'in another tab': (name: Name) =>
    elsewhere.evaluate(async (file) => {
      const root = await navigator.storage.getDirectory();
      await (await root.getDirectoryHandle('models')).removeEntry(file);
    }, fileOf(name)),
  'with the data of the site': async (_name: Name) => {
    const settings = await profile.newCDPSession(elsewhere);
    await settings.send('Storage.clearDataForOrigin', { origin: rig.origin, storageTypes: 'file_systems' });
  },
} as const;

/** The failure has this name, says in words what is wrong, and its name has a next step for the person. */
function named(code: ErrorCode, words: string | RegExp) {
  expect(NEXT_STEP[code]).not.toBe('');
  return { ok: false, error: { code, message: expect.stringMatching(words) as string } };
}

describe('a model that is deleted while it is thought with', () => {
  it.each(Object.entries(REMOVALS))(
    '%s: thinks on, is named where it is read again, and is mended',
    async (where, remove) => {
      expect(await drop('other')).toMatchObject({ ok: true });
      await remove('other');
      // What is loaded needs the file no more.
      expect(await generate()).toMatchObject({ ok: true });
      const gone = named('ModelNotFound', 'other.gguf is no longer stored in this browser');
      expect(await embed()).toMatchObject(gone);
      expect(await generate()).toMatchObject({ ok: true });
      await unload();
      expect(await generate()).toMatchObject(gone);
      expect(await wholeFiles()).toEqual(where === 'in another tab' ? files('kept') : []);
      expect(await drop('other')).toMatchObject({ ok: true });
      expect(await embed()).toMatchObject({ ok: true });
      expect(await wholeFiles()).toContain(fileOf('other'));
    },
  );

  it('is had from the companion again, where that has it', async () => {
    expect(await openOffer('other')).toMatchObject({ ok: true });
    await REMOVALS['in another tab']('other');
    expect(await embed()).toMatchObject({ ok: true });
    expect(await wholeFiles()).toEqual(files('kept', 'other'));
    await REMOVALS['in another tab']('other');
    await unload();
    expect(await generate()).toMatchObject({ ok: true });
    expect(await wholeFiles()).toEqual(files('kept', 'other'));
  });

  it('is named at once where it goes before the engine that is starting has read it', async () => {
    // The first look is whether it can be had at all.
    let looks = 0;
    rig.before = async (path) => {
      if (!path.endsWith('.wasm') || (looks += 1) < 2) return;
      rig.before = undefined;
      await REMOVALS['in another tab']('other');
    };
    const startedMs = performance.now();
    expect(await drop('other')).toMatchObject(
      named('ModelNotFound', 'other.gguf was deleted from this browser while it was loaded'),
    );
    expect(rig.before).toBeUndefined();
    // Not by the engine's own limit of a minute.
    expect(performance.now() - startedMs).toBeLessThan(45_000);
    expect(await wholeFiles()).toEqual(files('kept'));
    expect(await drop('other')).toMatchObject({ ok: true });
  });
});

describe('a file that the person chose', () => {
  async function choose(path: string): Promise<void> {
    await page.evaluate(() => {
      const input = document.createElement('input');
      input.type = 'file';
      document.body.append(input);
    });
    await page.locator('input').setInputFiles(path);
  }
  const openChosen = () =>
    page.evaluate(async (options) => {
      const file = document.querySelector('input')?.files?.[0];
      return window.laneRig!.open({ kind: 'file', file: file! }, options);
    }, ON_WASM);

  it('is named where it is gone, or another one, by the time it is read', async () => {
    const mine = join(folder, 'mine.gguf');
    await writeFile(mine, bytesOf.other);
    await choose(mine);
    await rm(mine);
    expect(await openChosen()).toMatchObject(
      named('ModelNotFound', 'mine.gguf is empty, or not there any more'),
    );
    await writeFile(mine, bytesOf.other.subarray(0, 50_000));
    expect(await openChosen()).toMatchObject(named('ModelNotFound', 'mine.gguf cannot be read any more'));
    expect(await wholeFiles()).toEqual(files('kept'));
  });

  it('is named where it is cut while it is stored, and nothing of it is kept', async () => {
    const mine = join(folder, 'long.gguf');
    await writeFile(mine, bytesOf.other);
    await truncate(mine, 400 * MIB);
    await choose(mine);
    const opening = openChosen();
    await expect.poll(partBytes, { interval: 5, timeout: 20_000 }).toBeGreaterThan(MIB);
    await truncate(mine, MIB);
    expect(await opening).toMatchObject(named('ModelTruncated', 'long.gguf was changed while it was stored'));
    expect([await wholeFiles(), await partBytes()]).toEqual([files('kept'), 0]);
  });

  it('is refused by name where only the engine finds out that it is no model, and is not kept', async () => {
    expect(await drop('lying')).toMatchObject(named('ModelUnsupported', 'cannot load'));
    expect(await wholeFiles()).toEqual(files('kept'));
    // A failed load must not stand in the way of the next.
    expect(await drop('other')).toMatchObject({ ok: true });
    expect(await generate()).toMatchObject({ ok: true });
  });

  it('is refused by name where the disk is full, and taken when there is room', async () => {
    const disk = await profile.newCDPSession(page);
    await disk.send('Storage.overrideQuotaForOrigin', { origin: rig.origin, quotaSize: MIB });
    expect(bytesOf.other.length).toBeGreaterThan(MIB / 2);
    expect(await drop('other')).toMatchObject(named('StorageFailed', 'full|[Nn]o space'));
    expect(await wholeFiles()).toEqual(files('kept'));
    await disk.send('Storage.overrideQuotaForOrigin', { origin: rig.origin });
    expect(await drop('other')).toMatchObject({ ok: true });
    expect(await wholeFiles()).toEqual(files('kept', 'other'));
  });
});

describe('a browser that does not let the engine run', () => {
  it('is named at once where the page may not run WebAssembly', async () => {
    const strict = await startLaneRig(models, { policy: (own) => own.replace(" 'wasm-unsafe-eval'", '') });
    try {
      const there = await arrive(strict);
      expect(await openOffer('other', there)).toMatchObject(
        named('LaneStartFailed', 'may not run WebAssembly'),
      );
    } finally {
      await strict.stop();
    }
  });

  it('is named at once where it cannot suspend WebAssembly', async () => {
    await withoutInWorker(rig, 'delete WebAssembly.Suspending;', async () => {
      expect(await openOffer('other', await arrive(rig))).toMatchObject(
        named('BrowserUnsupported', 'cannot suspend WebAssembly'),
      );
    });
  });

  it('is named, if late, where the engine may not start its threads', { timeout: 120_000 }, async () => {
    const late = named('LaneStartFailed', 'did not load within 60 s');
    expect(await withoutThreads).toMatchObject([{ status: 'fulfilled', value: late }]);
  });
});
