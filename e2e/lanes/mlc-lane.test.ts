import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMlcFolder } from '../../companion/mlc/mlc-folder.ts';
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import { MLC_FILES } from '../../shared/models/mlc-files.ts';
import { MLC_TEST_MODEL } from '../models/mlc/test-model.ts';
import { launchChromium, WEBGPU_ON_SWIFTSHADER } from '../run/chromium.ts';
import { startLaneRig, type LaneRig } from './lane-rig.ts';

/** Its random weights keep the end out of reach. */
const LONG_ANSWER_TOKENS = 24;

let folder: string;
let rig: LaneRig;
let browser: Browser;
const served = new Map<string, string>();

async function serve(id: string, from: string): Promise<ModelOffer> {
  const { files, library, contextTokens, needsF16, ...model } = await readMlcFolder(from, () => undefined);
  for (const [name, path] of files) served.set(`/models/${id}/${MLC_FILES}${name}`, path);
  const mlc = { library, contextTokens, needsF16 };
  return { ...model, id, sha256: id, starter: false, path: `/models/${id}`, mlc };
}

/** The model with one file changed. */
async function spoiled(
  name: string,
  file: string,
  change: (bytes: Buffer) => Buffer | string,
): Promise<ModelOffer> {
  const copy = join(folder, name);
  await mkdir(copy);
  const { files } = await readMlcFolder(MLC_TEST_MODEL, () => undefined);
  for (const [each, path] of files) await copyFile(path, join(copy, each));
  const offer = await serve(name, copy);
  await writeFile(join(copy, file), change(await readFile(join(copy, file))));
  return offer;
}

async function openPage(where: Browser): Promise<Page> {
  const page = await (await where.newContext()).newPage();
  await page.goto(rig.origin);
  await page.evaluate(() => {
    window.laneRig = window.startLaneRig();
  });
  return page;
}

const open = (page: Page, offer: ModelOffer) =>
  page.evaluate(async (given) => window.laneRig!.openMlc(given), offer);

describe.skipIf(!existsSync(MLC_TEST_MODEL))(
  'mlc lane in Chromium: web-llm on WebGPU, on a software GPU',
  () => {
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'mlc-models-'));
      [rig, browser] = await Promise.all([startLaneRig(served), launchChromium(WEBGPU_ON_SWIFTSHADER)]);
    });
    afterAll(async () => {
      await browser.close();
      await rig.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it('does all that a lane must', { timeout: 300_000 }, async () => {
      const page = await openPage(browser);
      const opened = await open(page, await serve('tiny', MLC_TEST_MODEL));
      expect(opened).toMatchObject({
        ok: true,
        value: { report: { lane: 'mlc', backend: 'webgpu', evidence: expect.stringContaining('web-llm') } },
      });
      const outcomes = await page.evaluate(
        async (tokens) => window.laneRig!.accept(tokens),
        LONG_ANSWER_TOKENS,
      );
      for (const { name, ms, error } of outcomes)
        console.log(`${error === undefined ? '✓' : '✗'} ${name} (${Math.round(ms)} ms)`);
      expect(outcomes.length).toBeGreaterThan(12);
      expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
      await page.context().close();
    });

    it.each<[string, string, string, (bytes: Buffer) => Buffer | string]>([
      ['a library that is a page', 'ModelUnsupported', 'LIBRARY', () => '<p>Log in</p>'],
      ['a configuration that is no JSON', 'ModelUnsupported', 'mlc-chat-config.json', () => '{'],
      ['a tokenizer that is none', 'ModelUnsupported', 'tokenizer.json', () => '[]'],
      ['cut weights', 'ModelTruncated', 'params_shard_0.bin', (bytes) => bytes.subarray(0, 1_000)],
    ])(
      'names %s, and loads it once it is mended',
      { timeout: 120_000 },
      async (_what, code, file, change) => {
        const good = await serve('good', MLC_TEST_MODEL);
        const name = file === 'LIBRARY' ? (good.mlc?.library ?? '') : file;
        const id = `bad-${name}`;
        const bad = await spoiled(id, name, change);
        const page = await openPage(browser);
        expect(await open(page, bad)).toMatchObject({ ok: false, error: { code } });
        await copyFile(join(MLC_TEST_MODEL, name), join(folder, id, name));
        expect(await open(page, bad)).toMatchObject({ ok: true });
        await page.context().close();
      },
    );

    it('names a browser without a GPU', async () => {
      const without = await launchChromium();
      const page = await openPage(without);
      expect(await open(page, await serve('tiny', MLC_TEST_MODEL))).toMatchObject({
        ok: false,
        error: { code: 'LaneStartFailed' },
      });
      await without.close();
    });
  },
);
