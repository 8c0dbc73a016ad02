import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import { plain } from '../../shared/testing/lane-acceptance.ts';
import { randomModel } from '../models/random-model.ts';
import { launchChromium, WEBGPU_ON_SWIFTSHADER } from '../run/chromium.ts';
import { startLaneRig, type LaneRig } from './lane-rig.ts';

/** The random model never ends by itself. */
const LONG_ANSWER_TOKENS = 24;
const NO_WEBGPU = { withoutWebgpu: 'no WebGPU' };

const bytes = randomModel();
const offer: ModelOffer = {
  id: 'random',
  name: 'random.gguf',
  sizeBytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  starter: false,
  path: '/models/random',
};

let folder: string;
let models: ReadonlyMap<string, string>;
let rig: LaneRig;
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lane-models-'));
  const files: [string, Uint8Array | string][] = [
    ['random', bytes],
    ['cut', bytes.subarray(0, bytes.length - 4096)],
    ['text', 'This is no model at all.'],
  ];
  for (const [name, content] of files) await writeFile(join(folder, name), content);
  models = new Map(files.map(([name]) => [`/models/${name}`, join(folder, name)]));
  [rig, browser] = await Promise.all([startLaneRig(models), launchChromium()]);
});

afterAll(async () => {
  await browser.close();
  await rig.stop();
  await rm(folder, { recursive: true, force: true });
});

async function openPage(where: { browser: Browser; rig: LaneRig }): Promise<Page> {
  const context = await where.browser.newContext();
  const page = await context.newPage();
  await page.goto(where.rig.origin);
  await startRig(page);
  return page;
}

function startRig(page: Page): Promise<void> {
  return page.evaluate(() => {
    window.laneRig = window.startLaneRig();
  });
}

function openOffer(page: Page, options: { threads: number; withoutWebgpu?: string }, of = offer) {
  return page.evaluate(
    async ([given, opening]) => window.laneRig!.open({ kind: 'offer', offer: given }, opening),
    [of, options] as const,
  );
}

function greedy(page: Page) {
  return page.evaluate(
    async (request) => window.laneRig!.generate([request]),
    plain('What is a lighthouse for?', 32),
  );
}

describe('gguf lane in Chromium: page → worker → inference worker → wasm, under the companion’s headers', () => {
  // Two threads that find no two free cores wait for each other at every layer.
  it.each([1, 2])('does all that a lane must, with %d thread(s)', { timeout: 180_000 }, async (threads) => {
    const page = await openPage({ browser, rig });
    const uncaught: string[] = [];
    page.on('console', (message) => {
      if (message.text().includes('Uncaught')) uncaught.push(message.text());
    });
    const opened = await openOffer(page, { threads, ...NO_WEBGPU });
    const words = threads === 1 ? '1 thread' : `${threads} threads`;
    expect(opened).toMatchObject({
      ok: true,
      value: {
        report: {
          lane: 'gguf',
          backend: 'wasm',
          threads,
          evidence: `no WebGPU: wasm, ${words}`,
          memory: { of: 'buffers', bytes: expect.any(Number) as number },
        },
      },
    });
    const outcomes = await page.evaluate(
      async (tokens) => window.laneRig!.accept(tokens),
      LONG_ANSWER_TOKENS,
    );
    expect(outcomes.length).toBeGreaterThan(12);
    expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
    // Nine answers that nobody stops would take the engine some 30 s; a stopped one takes a token.
    const stopping = outcomes.filter(({ name }) => name.includes('frees the slot'));
    expect(uncaught).toEqual([]);
    expect(stopping).toHaveLength(2);
    for (const { ms } of stopping) expect(ms).toBeLessThan(15_000);
    await page.context().close();
  });

  it('embeds beside the conversation, whose evaluated prefix stays', async () => {
    const page = await openPage({ browser, rig });
    expect(await openOffer(page, { threads: 1, ...NO_WEBGPU })).toMatchObject({ ok: true });
    const first = await greedy(page);
    const embedded = await page.evaluate(async () => window.laneRig!.embed(['The sea is calm.']));
    const second = await greedy(page);
    expect(embedded.ok && embedded.value.map((vector) => vector.length)).toEqual([128]);
    const [before, after] = [first, second].map((answer) => (answer.ok ? answer.value[0] : undefined));
    expect(after?.text).toBe(before?.text);
    expect(after?.cachedTokens).toBe((after?.promptTokens ?? 0) - 1);
    await page.context().close();
  });

  it('thinks with one thread and says the same where the page is not isolated', async () => {
    const open = await startLaneRig(models, { isolated: false });
    try {
      const texts = [];
      for (const where of [rig, open]) {
        const page = await openPage({ browser, rig: where });
        const opened = await openOffer(page, { threads: 2, ...NO_WEBGPU });
        expect(opened).toMatchObject({ ok: true, value: { report: { threads: where === rig ? 2 : 1 } } });
        const answer = await greedy(page);
        texts.push(answer.ok ? answer.value[0]?.text : answer.error);
        await page.context().close();
      }
      expect(texts[0]).toMatch(/.{16}/);
      expect(texts[1]).toBe(texts[0]);
    } finally {
      await open.stop();
    }
  });

  it('reports wasm on an adapter without shader-f16, asked for or not', async () => {
    const withGpu = await launchChromium(WEBGPU_ON_SWIFTSHADER);
    try {
      const page = await openPage({ browser: withGpu, rig });
      const { probe, plan } = await page.evaluate(async () => window.laneRig!.probe());
      expect(probe).toMatchObject({ webgpu: 'no shader-f16', crossOriginIsolated: true, jspi: true });
      expect(plan).toMatchObject({ lane: 'companion', reason: expect.stringContaining('shader-f16') });
      expect(await openOffer(page, { threads: 1 })).toMatchObject({
        ok: true,
        value: { report: { backend: 'wasm', evidence: expect.stringContaining('no layer on WebGPU') } },
      });
    } finally {
      await withGpu.close();
    }
  });
});

describe('an engine that cannot be had', () => {
  it.each([
    ['its code', /\.wasm$/, 'HTTP 404'],
    ['its worker', /\/inference-worker-/, 'inference worker'],
  ])('is named at once when %s is missing', async (_name, withhold, cause) => {
    const poor = await startLaneRig(models, { withhold });
    try {
      const page = await openPage({ browser, rig: poor });
      expect(await openOffer(page, { threads: 1, ...NO_WEBGPU })).toMatchObject({
        ok: false,
        error: { code: 'LaneStartFailed', message: expect.stringContaining(cause) },
      });
      await page.context().close();
    } finally {
      await poor.stop();
    }
  });
});

describe('model files in the browser', () => {
  /** Opens what the person dropped: the served bytes as a File. */
  function drop(page: Page, path: string) {
    return page.evaluate(async (from) => {
      const file = new File([await (await fetch(from)).blob()], 'mine.gguf');
      return window.laneRig!.open({ kind: 'file', file }, { threads: 1, withoutWebgpu: 'no WebGPU' });
    }, path);
  }
  const stored = (page: Page) => page.evaluate(async () => window.laneRig!.storedFiles());

  it('keeps a dropped file over a reload, also when it is dropped twice', async () => {
    const page = await openPage({ browser, rig });
    const first = await drop(page, '/models/random');
    expect(first).toMatchObject({ ok: true, value: { model: { name: 'mine.gguf', sha256: offer.sha256 } } });
    await page.evaluate(async () => window.laneRig!.close());
    await startRig(page);
    expect(await drop(page, '/models/random')).toMatchObject({ ok: true });
    await page.reload();
    await startRig(page);
    const model = first.ok ? first.value.model : undefined;
    const again = await page.evaluate(
      async (remembered) =>
        window.laneRig!.open(
          { kind: 'remembered', model: remembered! },
          { threads: 1, withoutWebgpu: 'no WebGPU' },
        ),
      model,
    );
    expect(again).toMatchObject({ ok: true, value: { model: { sha256: offer.sha256 } } });
    expect(await stored(page)).toEqual([`${offer.sha256}.gguf`]);
    await page.context().close();
  });

  it('shows the bytes of a download, and fetches them once', async () => {
    const page = await openPage({ browser, rig });
    const first = await openOffer(page, { threads: 1, ...NO_WEBGPU });
    const progress = first.ok ? first.value.progress.filter(({ unit }) => unit === 'bytes') : [];
    expect(progress.at(-1)).toMatchObject({ done: bytes.length, total: bytes.length });
    const fetched: string[] = [];
    page.context().on('request', (request) => fetched.push(new URL(request.url()).pathname));
    await startRig(page);
    expect(await openOffer(page, { threads: 1, ...NO_WEBGPU })).toMatchObject({ ok: true });
    expect(fetched).not.toContain(offer.path);
    await page.context().close();
  });

  it.each([
    ['a dropped text file', 'ModelNotGguf', (page: Page) => drop(page, '/models/text')],
    ['a dropped file that is cut', 'ModelTruncated', (page: Page) => drop(page, '/models/cut')],
    [
      'a download that is cut',
      'ModelTruncated',
      (page: Page) => openOffer(page, { threads: 1 }, { ...offer, path: '/models/cut' }),
    ],
    [
      'a download of other bytes',
      'ModelTruncated',
      (page: Page) => openOffer(page, { threads: 1 }, { ...offer, sha256: 'ab'.repeat(32) }),
    ],
    [
      'a download that is gone',
      'ModelNotFound',
      (page: Page) => openOffer(page, { threads: 1 }, { ...offer, path: '/models/nothing' }),
    ],
  ])('names %s and keeps nothing of it: %s', async (_name, code, attempt) => {
    const page = await openPage({ browser, rig });
    expect(await attempt(page)).toMatchObject({ ok: false, error: { code } });
    expect(await stored(page)).toEqual([]);
    await page.context().close();
  });
});

describe('the build', () => {
  it('loads no engine with the page', async () => {
    const assets = join(rig.folder, 'assets');
    const holding: string[] = [];
    for (const name of await readdir(assets)) {
      if (name.endsWith('.js') && (await readFile(join(assets, name), 'utf8')).includes('pthreadPoolSize')) {
        holding.push(name);
      }
    }
    expect(holding).toEqual([expect.stringMatching(/^inference-worker-[\w-]+\.js$/)]);
  });
});
