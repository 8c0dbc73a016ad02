import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMlcFolder, type MlcFolder } from '../../companion/mlc/mlc-folder.ts';
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import { NEXT_STEP, type ErrorCode } from '../../shared/errors.ts';
import { MLC_FILES } from '../../shared/models/mlc-files.ts';
import { plain } from '../../shared/testing/lane-acceptance.ts';
import { MLC_TEST_MODEL } from '../models/mlc/test-model.ts';
import { launchChromium, WEBGPU_ON_SWIFTSHADER } from '../run/chromium.ts';
import { startLaneRig, withoutInWorker, type LaneRig } from './lane-rig.ts';

const CONFIG = 'mlc-chat-config.json';
const WEIGHTS = 'tensor-cache.json';
const TOKENIZER = 'tokenizer.json';
const SHARD = 'params_shard_0.bin';
const LIBRARY = 'LIBRARY';

const NO_WEBGPU = "Object.defineProperty(WorkerNavigator.prototype, 'gpu', { value: undefined });";

type Change = (bytes: Buffer) => Buffer | string | undefined;
/** What is broken, in which file, how (undefined: the host does not have it), and what is told of it. */
type Row = readonly [what: string, file: string, change: Change, code: ErrorCode, words: string];

const gone: Change = () => undefined;
/** `to` of the same length: what follows in a library must not move. */
const replacing =
  (from: string, to: string): Change =>
  (bytes) =>
    Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1');
const without =
  (key: string): Change =>
  (bytes) => {
    const list = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    return JSON.stringify({ ...list, [key]: undefined });
  };
/** The list of weights with its last parameter changed; undefined leaves it out. */
const lastParameter =
  (change: (parameter: object) => object | undefined): Change =>
  (bytes) => {
    const list = JSON.parse(bytes.toString('utf8')) as { records: { records: object[] }[] };
    const { records } = list.records.at(-1) ?? { records: [] };
    records.push(...records.splice(-1).flatMap((parameter) => change(parameter) ?? []));
    return JSON.stringify(list);
  };

let model: MlcFolder;
let folder: string;
let rig: LaneRig;
let browser: Browser;
/** Keeps what is cached from one row to the next. */
let shared: BrowserContext;
const served = new Map<string, string>();
/** Paths of the models that the host was asked for. */
const asked: string[] = [];
let copies = 0;

async function serve(id: string, from: string, needsF16 = false): Promise<ModelOffer> {
  for (const name of model.files.keys()) served.set(`/models/${id}/${MLC_FILES}${name}`, join(from, name));
  const { library, contextTokens, name, sizeBytes } = model;
  const mlc = { library, contextTokens, needsF16 };
  return { name, sizeBytes, id, sha256: id, starter: false, path: `/models/${id}`, mlc };
}

/** The model with one file changed, as a host gives it out: what the companion would refuse is refused by web-llm too. */
async function broken(file: string, change: Change): Promise<ModelOffer> {
  const id = `bad-${(copies += 1)}`;
  const copy = join(folder, id);
  await mkdir(copy);
  for (const [name, path] of model.files) await copyFile(path, join(copy, name));
  const name = file === LIBRARY ? model.library : file;
  const changed = change(await readFile(join(copy, name)));
  if (changed === undefined) await rm(join(copy, name));
  else await writeFile(join(copy, name), changed);
  return serve(id, copy);
}

async function arrive(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(rig.origin);
  await page.evaluate(() => {
    window.laneRig = window.startLaneRig();
  });
  return page;
}
const open = (page: Page, offer: ModelOffer) =>
  page.evaluate(async (given) => window.laneRig!.openMlc(given), offer);
const generate = (page: Page) =>
  page.evaluate(async (request) => window.laneRig!.generate([request]), plain('Hello', 2));

/** Addresses that web-llm's cache holds of this model. */
function cached(page: Page, { path }: ModelOffer): Promise<readonly string[]> {
  return page.evaluate(async (start) => {
    const found: string[] = [];
    for (const name of await caches.keys())
      for (const { url } of await (await caches.open(name)).keys()) {
        const { pathname } = new URL(url);
        if (pathname.startsWith(`${start}/`)) found.push(pathname);
      }
    return found;
  }, path);
}

/** The failure has this name, says in words what is wrong, and its name has a next step for the person. */
function named(code: ErrorCode, words: string) {
  expect(NEXT_STEP[code]).not.toBe('');
  return { ok: false, error: { code, message: expect.stringContaining(words) as string } };
}

const AT_LOADING: readonly Row[] = [
  ['no configuration', CONFIG, gone, 'ModelNotFound', 'could not be fetched'],
  ['no library', LIBRARY, gone, 'ModelNotFound', 'could not be fetched'],
  ['no list of weights', WEIGHTS, gone, 'ModelNotFound', 'could not be fetched'],
  ['no tokenizer', TOKENIZER, gone, 'ModelNotFound', 'could not be fetched'],
  ['no weights', SHARD, gone, 'ModelNotFound', 'could not be fetched'],
  ['a configuration that is no JSON', CONFIG, () => '{', 'ModelUnsupported', 'configuration'],
  ['a library that is a page', LIBRARY, () => '<p>Log in</p>', 'ModelUnsupported', 'no WebAssembly'],
  ['half a library', LIBRARY, (all) => all.subarray(0, all.length / 2), 'ModelUnsupported', 'no WebAssembly'],
  ['an empty library', LIBRARY, () => emptyModule(), 'ModelUnsupported', 'no WebAssembly'],
  ['a library for another runtime', LIBRARY, () => foreignModule(), 'ModelUnsupported', 'another version'],
  [
    'a library without a function',
    LIBRARY,
    replacing('apply_penalty_inplace', 'apply_penalty_inplacx'),
    'ModelUnsupported',
    'lacks a function',
  ],
  ['cut weights', SHARD, (all) => all.subarray(0, 1_000), 'ModelTruncated', 'cut short'],
  ['a parameter less', WEIGHTS, lastParameter(() => undefined), 'ModelUnsupported', 'broke down'],
  [
    'a parameter of another name',
    WEIGHTS,
    lastParameter((one) => ({ ...one, name: 'unheard.of' })),
    'ModelUnsupported',
    'broke down',
  ],
  ['a tokenizer that is none', TOKENIZER, () => '[]', 'ModelUnsupported', 'broke down'],
];

const AT_THE_FIRST_ANSWER: readonly Row[] = [
  [
    'a parameter of another shape',
    WEIGHTS,
    lastParameter((one) => ({ ...one, shape: [1], nbytes: 4 })),
    'ModelUnsupported',
    'cannot answer',
  ],
  ['no size of its vocabulary', CONFIG, without('vocab_size'), 'ModelUnsupported', 'cannot answer'],
  ['no template', CONFIG, without('conv_template'), 'ModelUnsupported', 'cannot answer'],
  ['no settings for its answers', CONFIG, without('repetition_penalty'), 'ModelUnsupported', 'cannot answer'],
];

describe.skipIf(!existsSync(join(MLC_TEST_MODEL, CONFIG)))('files of a model that web-llm cannot use', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mlc-bad-input-'));
    model = await readMlcFolder(MLC_TEST_MODEL, () => undefined);
    [rig, browser] = await Promise.all([startLaneRig(served), launchChromium(WEBGPU_ON_SWIFTSHADER)]);
    rig.before = (path) => {
      if (path.startsWith('/models/')) asked.push(path);
      return Promise.resolve();
    };
    shared = await browser.newContext();
    const page = await arrive(shared);
    expect(await open(page, await serve('good', MLC_TEST_MODEL))).toMatchObject({ ok: true });
    await page.close();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await rig.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(AT_LOADING)('%s: named, and nothing of it is kept', async (_what, file, change, code, words) => {
    const page = await arrive(shared);
    const bad = await broken(file, change);
    expect(await open(page, bad)).toMatchObject(named(code, words));
    expect(await cached(page, bad)).toEqual([]);
    await page.close();
  });

  it(
    'what was stored before is still whole: it is loaded without a request',
    { timeout: 120_000 },
    async () => {
      const page = await arrive(shared);
      const good = await serve('good', MLC_TEST_MODEL);
      const before = await cached(page, good);
      expect(before.length).toBeGreaterThan(4);
      asked.length = 0;
      expect(await open(page, good)).toMatchObject({ ok: true });
      expect(await generate(page)).toMatchObject({ ok: true });
      expect(asked).toEqual([]);
      await page.close();
    },
  );

  it.each(AT_THE_FIRST_ANSWER)(
    '%s: loaded, named at the first answer, and again at the next',
    { timeout: 120_000 },
    async (_what, file, change, code, words) => {
      const context = await browser.newContext();
      const page = await arrive(context);
      expect(await open(page, await broken(file, change))).toMatchObject({ ok: true });
      const failures = [await generate(page), await generate(page)];
      expect(failures).toMatchObject([named(code, words), named(code, words)]);
      await context.close();
    },
  );

  it(
    'a disk without room: named, nothing of it is kept, and it is loaded when there is room',
    { timeout: 120_000 },
    async () => {
      const context = await browser.newContext();
      const page = await arrive(context);
      const disk = await context.newCDPSession(page);
      const offer = await serve('good', MLC_TEST_MODEL);
      await disk.send('Storage.overrideQuotaForOrigin', { origin: rig.origin, quotaSize: 100_000 });
      expect(await open(page, offer)).toMatchObject(named('StorageFailed', 'no room'));
      expect(await cached(page, offer)).toEqual([]);
      await disk.send('Storage.overrideQuotaForOrigin', { origin: rig.origin });
      expect(await open(page, offer)).toMatchObject({ ok: true });
      await context.close();
    },
  );

  it('compiled for f16, on a GPU without it', async () => {
    const context = await browser.newContext();
    const page = await arrive(context);
    const offer = await serve('needs-f16', MLC_TEST_MODEL, true);
    expect(await open(page, offer)).toMatchObject(named('LaneStartFailed', 'lacks what the model'));
    await context.close();
  });

  it.each([
    ['no WebGPU at all', 'WebGPUNotAvailableError', NO_WEBGPU],
    ['WebGPU without an adapter', 'Unable to find a compatible GPU', ''],
  ])('a browser with %s', async (_what, cause, script) => {
    const without = await launchChromium();
    await withoutInWorker(rig, script, async () => {
      const page = await arrive(await without.newContext());
      const outcome = await open(page, await serve('good', MLC_TEST_MODEL));
      expect(outcome).toMatchObject(named('LaneStartFailed', 'gives no GPU'));
      expect(outcome.ok ? '' : outcome.error.detail).toContain(cause);
    });
    await without.close();
  });
});

/** Magic and version. */
function emptyModule(): Buffer {
  return Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
}

/** One import: a function of `env` that web-llm does not have. */
function foreignModule(): Buffer {
  const name = Buffer.from('_ZN3tvm7runtime15ResetThreadPoolEv');
  const entry = [3, ...Buffer.from('env'), name.length, ...name, 0, 0];
  const type = [1, 4, 1, 0x60, 0, 0];
  return Buffer.from([...emptyModule(), ...type, 2, entry.length + 1, 1, ...entry]);
}
