import { existsSync } from 'node:fs';
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

let rig: LaneRig;
let browser: Browser;
const served = new Map<string, string>();

async function serve(id: string, from: string): Promise<ModelOffer> {
  const { files, library, contextTokens, needsF16, ...model } = await readMlcFolder(from, () => undefined);
  for (const [name, path] of files) served.set(`/models/${id}/${MLC_FILES}${name}`, path);
  const mlc = { library, contextTokens, needsF16 };
  return { ...model, id, sha256: id, starter: false, path: `/models/${id}`, mlc };
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
      [rig, browser] = await Promise.all([startLaneRig(served), launchChromium(WEBGPU_ON_SWIFTSHADER)]);
    });
    afterAll(async () => {
      await browser.close();
      await rig.stop();
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
  },
);
