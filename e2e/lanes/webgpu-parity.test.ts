/*
 * Needs a browser whose WebGPU has shader-f16, which headless Chromium without a GPU has not: run by hand with
 *   PERSONA_NODE_CHROMIUM=… PERSONA_NODE_WEBGPU_ARGS='--enable-unsafe-webgpu …' npx vitest run e2e/lanes/webgpu-parity.test.ts
 * The last output is kept in docs/webgpu-parity.md.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plain } from '../../shared/testing/lane-acceptance.ts';
import { plumbingModel } from '../models/plumbing-model.ts';
import { randomModel } from '../models/random-model.ts';
import { launchChromium } from '../run/chromium.ts';
import { startLaneRig, type LaneRig } from './lane-rig.ts';

const args = process.env['PERSONA_NODE_WEBGPU_ARGS']?.split(' ');
const REQUESTS = [
  'What is a lighthouse for?',
  'Name three rivers.',
  'Ünïcode: 海, and a longer line of words.',
].map((text) => plain(text, 64));
const RANDOM_F32 = ['random F32', randomModel({ seed: 1 })] as const;
const MODELS: readonly (readonly [string, Uint8Array])[] = [
  ['plumbing F32', plumbingModel()],
  RANDOM_F32,
  ['random F16', randomModel({ seed: 9, type: 'F16' })],
];

describe.skipIf(args === undefined)('the same greedy text on WebGPU as on wasm', () => {
  let folder: string;
  let rig: LaneRig;
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parity-models-'));
    const served = new Map<string, string>();
    for (const [name, bytes] of MODELS) {
      const path = join(folder, `${name}.gguf`);
      await writeFile(path, bytes);
      served.set(`/models/${encodeURIComponent(name)}`, path);
    }
    [rig, browser] = await Promise.all([startLaneRig(served), launchChromium(args)]);
  });

  afterAll(async () => {
    await browser.close();
    await rig.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const offerOf = ([name, bytes]: (typeof MODELS)[number]) => ({
    id: name,
    name,
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    starter: false,
    path: `/models/${encodeURIComponent(name)}`,
  });

  it.each(MODELS)('%s', async (name, bytes) => {
    const page = await browser.newPage();
    await page.goto(rig.origin);
    const offer = offerOf([name, bytes]);
    const think = (options: { threads: number; withoutWebgpu?: string }) =>
      page.evaluate(
        async ([given, opening, requests]) => {
          const rigApi = window.startLaneRig();
          const opened = await rigApi.open({ kind: 'offer', offer: given }, opening);
          if (!opened.ok) throw new Error(JSON.stringify(opened.error));
          const answers = await rigApi.generate(requests);
          await rigApi.close();
          if (!answers.ok) throw new Error(JSON.stringify(answers.error));
          return { report: opened.value.report, answers: answers.value };
        },
        [offer, options, REQUESTS] as const,
      );
    const onWasm = await think({ threads: 1, withoutWebgpu: 'not asked for' });
    const onGpu = await think({ threads: 1 });
    for (const { report, answers } of [onWasm, onGpu]) {
      console.log(
        `${name} · ${report.backend} · ${report.evidence} · loaded in ${Math.round(report.loadMs)} ms`,
      );
      for (const { text, completionTokens, totalMs, firstTokenMs } of answers) {
        const rate = (completionTokens / Math.max(1, totalMs - firstTokenMs)) * 1000;
        console.log(`  ${rate.toFixed(0)} tokens/s  ${JSON.stringify(text)}`);
      }
    }
    expect(onWasm.report.backend).toBe('wasm');
    expect(onGpu.report).toMatchObject({
      backend: 'webgpu',
      evidence: expect.stringMatching(/^offloaded (\d+)\/\1 layers to WebGPU$/),
    });
    expect(onGpu.answers.map(({ text }) => text)).toEqual(onWasm.answers.map(({ text }) => text));
    await page.close();
  });

  it('does all that a lane must, on WebGPU', async () => {
    const page = await browser.newPage();
    await page.goto(rig.origin);
    const outcomes = await page.evaluate(async (offer) => {
      const rigApi = window.startLaneRig();
      await rigApi.open({ kind: 'offer', offer }, { threads: 1 });
      return rigApi.accept(24);
    }, offerOf(RANDOM_F32));
    expect(outcomes.length).toBeGreaterThan(12);
    expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
  });
});
