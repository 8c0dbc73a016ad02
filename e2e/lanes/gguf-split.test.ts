import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PATHS } from '../../shared/bridge/protocol.ts';
import { plain } from '../../shared/testing/lane-acceptance.ts';
import { randomLora } from '../models/random-lora.ts';
import { randomModel } from '../models/random-model.ts';
import { splitModel } from '../models/split-model.ts';
import { launchChromium } from '../run/chromium.ts';
// The declaration of what the page gives away.
import type {} from './bare-page/main.ts';
import { startLaneRig, type LaneRig } from './lane-rig.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const OPTIONS = { threads: 1, withoutWebgpu: 'no WebGPU' };
const model = randomModel();
const shards = await splitModel(model, 3);
const lora = randomLora();
const adapterPath = PATHS.adapters + sha256(lora);
const parts = shards.map(({ name }) => `/models/${name}`);

let folder: string;
let served: Map<string, string>;
let rig: LaneRig;
let browser: Browser;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lane-split-'));
  served = new Map();
  const files: [string, Uint8Array][] = [
    ['/models/whole.gguf', model],
    [adapterPath, lora],
    ...shards.map(({ name, bytes }): [string, Uint8Array] => [`/models/${name}`, bytes]),
  ];
  for (const [at, [path, bytes]] of files.entries()) {
    served.set(path, join(folder, String(at)));
    await writeFile(join(folder, String(at)), bytes);
  }
  [rig, browser] = await Promise.all([startLaneRig(served), launchChromium()]);
});
afterAll(async () => {
  await browser.close();
  await rig.stop();
  await rm(folder, { recursive: true, force: true });
});

async function openPage(origin = rig.origin): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(origin);
  return page;
}

function openParts(page: Page, paths: readonly string[]) {
  return page.evaluate(
    async (given) => {
      window.laneRig = window.startLaneRig();
      return window.laneRig.openParts(...given);
    },
    [paths, OPTIONS] as const,
  );
}

describe('a model in several files, in Chromium', () => {
  it('is the one file that it was, and thinks so, with an adapter too', { timeout: 120_000 }, async () => {
    const page = await openPage();
    const requests = [undefined, [{ id: sha256(lora), scale: 1 }]].map((adapters) => ({
      ...plain('What is a lighthouse for?', 24),
      ...(adapters && { adapters }),
    }));
    const texts: unknown[] = [];
    for (const paths of [['/models/whole.gguf'], parts.toReversed()]) {
      expect(await openParts(page, paths)).toMatchObject({
        ok: true,
        value: { model: { sha256: sha256(model), sizeBytes: model.length } },
      });
      const answer = await page.evaluate(async (all) => window.laneRig!.generate(all), requests);
      texts.push(answer.ok ? answer.value.map(({ text }) => text) : answer.error);
      await page.evaluate(async () => window.laneRig!.close());
    }
    expect(new Set(texts[0] as string[]).size).toBe(2);
    expect(texts[1]).toEqual(texts[0]);
    await page.context().close();
  });

  it.each([
    ['one is missing', () => parts.slice(1), 'model-00001-of-00003.gguf'],
    ['there is only one', () => parts.slice(2), 'part 1, part 2'],
    ['one is there twice', () => [...parts, parts[0] ?? ''], 'both part 1 of 3'],
    ['another model is among them', () => [...parts, '/models/whole.gguf'], 'whole.gguf'],
  ])('is refused by name where %s, and nothing of it is kept', async (_, paths, words) => {
    const page = await openPage();
    expect(await openParts(page, paths())).toMatchObject({
      ok: false,
      error: { code: 'ModelIncomplete', message: expect.stringContaining(words) },
    });
    expect(await page.evaluate(async () => window.laneRig!.storedFiles())).toEqual([]);
    await page.context().close();
  });

  it('is read by the engine where its parts lie, without a copy', async () => {
    const bare = await startLaneRig(served, { page: new URL('bare-page', import.meta.url) });
    const page = await openPage(bare.origin);
    const texts: string[] = [];
    for (const paths of [['/models/whole.gguf'], parts]) {
      const adapters = [adapterPath];
      await page.evaluate(async (given) => window.bare.open(...given), [
        paths,
        adapters,
        { parallel: 1, careful: true },
      ] as const);
      for (const scale of [0, 1]) {
        const ask = { prompt: 'What is a lighthouse for?', lora: [{ id: 0, scale }], cachePrompt: false };
        texts.push(...(await page.evaluate(async (all) => window.bare.ask(all), [ask])));
      }
    }
    expect(new Set(texts.slice(0, 2)).size).toBe(2);
    expect(texts.slice(2)).toEqual(texts.slice(0, 2));
    await bare.stop();
  });
});
