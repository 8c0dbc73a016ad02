import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PATHS } from '../../shared/bridge/protocol.ts';
import type { GenerateRequest } from '../../shared/inference/generate.ts';
import type { AdapterUse } from '../../shared/inference/genome/adapters.ts';
import { randomLora, type RandomLoraOptions } from '../models/random-lora.ts';
import { RANDOM_SHAPE, randomModel } from '../models/random-model.ts';
import { launchChromium } from '../run/chromium.ts';
// The declaration of what the page gives away.
import type {} from './bare-page/main.ts';
import type { BareAsk, BareSettings } from './bare-page/inference-worker-bare.ts';
import { startLaneRig, type LaneRig } from './lane-rig.ts';

const ADAPTERS = {
  a: { seed: 1 },
  b: { seed: 2 },
  wide: { seed: 4, shape: { ...RANDOM_SHAPE, width: 64 } },
  foreign: { seed: 5, architecture: 'qwen2' },
  changed: { seed: 6 },
} as const satisfies Readonly<Record<string, Partial<RandomLoraOptions>>>;
type AdapterName = keyof typeof ADAPTERS;

/** Little in common, so that what one of them left is put away when the next one comes, and fetched again later. */
const WORDS = ['lighthouse sea ', 'TAXES 12345 ', 'who zzz here '];
const ROUNDS = 12;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const bytes = randomModel();
const offer = {
  id: 'random',
  name: 'random.gguf',
  sizeBytes: bytes.length,
  sha256: sha256(bytes),
  starter: false,
  path: '/models/random',
};
const ids = new Map<AdapterName, string>();
const use = (name: AdapterName, scale = 1): AdapterUse => ({ id: ids.get(name) ?? '', scale });

let folder: string;
let served: Map<string, string>;
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lane-adapters-'));
  served = new Map([[offer.path, join(folder, 'random')]]);
  await writeFile(join(folder, 'random'), bytes);
  for (const name of Object.keys(ADAPTERS) as AdapterName[]) {
    const adapter = randomLora(ADAPTERS[name]);
    ids.set(name, sha256(adapter));
    served.set(PATHS.adapters + sha256(adapter), join(folder, name));
    await writeFile(join(folder, name), name === 'changed' ? randomLora({ seed: 7 }) : adapter);
  }
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});

describe('adapters in the lane of the tab', () => {
  let rig: LaneRig;
  let page: Page;
  beforeAll(async () => {
    rig = await startLaneRig(served);
    page = await (await browser.newContext()).newPage();
    await page.goto(rig.origin);
  });
  afterAll(() => rig.stop());

  const open = (): Promise<unknown> =>
    page.evaluate(async (given) => {
      await window.laneRig?.close();
      window.laneRig = window.startLaneRig();
      const options = { threads: 1, withoutWebgpu: 'no WebGPU' };
      return window.laneRig.open({ kind: 'offer', offer: given }, options);
    }, offer);
  const turn = (words: number, adapters?: readonly AdapterUse[]): GenerateRequest => ({
    messages: [
      { role: 'system', content: 'The house rules are the same for everybody.' },
      { role: 'user', content: WORDS[words]?.repeat(16) ?? '' },
    ],
    // Without it random weights repeat one token, whatever they have read.
    sampling: { temperature: 0, repeatPenalty: 1.5 },
    maxTokens: 16,
    ...(adapters && { adapters: [...adapters] }),
  });
  /** The texts, or the code that ended them. */
  const ask = async (...requests: GenerateRequest[]): Promise<readonly string[]> => {
    const answer = await page.evaluate(async (all) => window.laneRig!.countAndGenerate(all), requests);
    return answer.ok ? answer.value.map(({ text }) => text) : [answer.error.code];
  };
  /** How much of the prompt had not to be read. */
  const cachedPart = async (request: GenerateRequest): Promise<number> => {
    const answer = await page.evaluate(async (one) => window.laneRig!.generate([one]), request);
    const result = answer.ok ? answer.value[0] : undefined;
    return (result?.cachedTokens ?? NaN) / (result?.promptTokens ?? NaN);
  };

  it(
    'give three at once on one load what each gets alone, round after round',
    { timeout: 240_000 },
    async () => {
      const sets = [undefined, [use('a')], [use('b')]];
      const alone: string[][] = [];
      for (const adapters of sets) {
        await open();
        const texts: string[] = [];
        for (const words of WORDS.keys()) texts.push(...(await ask(turn(words, adapters))));
        alone.push(texts);
      }
      expect(new Set(alone.flat()).size).toBe(sets.length * WORDS.length);

      await open();
      let wrong = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        // Another one is first in every round, and each asks something else than the others and than before.
        const asked = sets.map((_, index) => {
          const set = (index + round) % sets.length;
          return { set, words: (set + round + (round >> 1)) % WORDS.length };
        });
        const texts = await ask(...asked.map(({ set, words }) => turn(words, sets[set])));
        for (const [at, { set, words }] of asked.entries()) if (texts[at] !== alone[set]?.[words]) wrong += 1;
      }
      expect(wrong).toBe(0);
    },
  );

  it('keep what was read while one set is asked, and nothing once there were two', async () => {
    await open();
    await ask(turn(0, [use('a')]));
    expect(await cachedPart(turn(0, [use('a')]))).toBeGreaterThan(0.9);
    await ask(turn(0));
    expect(await cachedPart(turn(0))).toBe(0);
    expect(await cachedPart(turn(0, [use('a')]))).toBe(0);
  });

  it('are as strong as is asked, and add up', async () => {
    await open();
    const sets = [undefined, [use('a')], [use('a', 0.5)], [use('a'), use('b')]];
    const texts: string[] = [];
    for (const set of sets) texts.push(...(await ask(turn(1, set))));
    expect(new Set(texts).size).toBe(sets.length);
    expect(await ask(turn(1, [use('b'), use('a')]))).toEqual(texts.slice(-1));
    expect(await ask(turn(1, [use('a', 0)]))).toEqual(texts.slice(0, 1));
  });

  it('are refused by name where the model cannot take them, and the lane works on', async () => {
    await open();
    const base = await ask(turn(0));
    expect(await ask(turn(0, [use('foreign')]))).toEqual(['AdapterMismatch']);
    expect(await ask(turn(0, [use('wide')]))).toEqual(['AdapterMismatch']);
    expect(await ask(turn(0, [use('wide'), use('a')]))).toEqual(['AdapterMismatch']);
    expect(await ask(turn(0, [use('changed')]))).toEqual(['AdapterNotFound']);
    expect(await ask(turn(0, [{ id: 'f'.repeat(64), scale: 1 }]))).toEqual(['AdapterNotFound']);
    expect(await ask(turn(0))).toEqual(base);
    expect(await ask(turn(0, [use('a')]))).not.toEqual(base);
  });

  it('are fetched once, and kept over a reload', async () => {
    const fetched: string[] = [];
    page.context().on('request', (request) => fetched.push(new URL(request.url()).pathname));
    await page.reload();
    await open();
    const before = await ask(turn(0, [use('a')]));
    await page.reload();
    await open();
    expect(await ask(turn(0, [use('a')]))).toEqual(before);
    expect(fetched.filter((path) => path.startsWith(PATHS.adapters))).toEqual([]);
  });
});

describe('the bare engine with adapters', () => {
  const files = ['a', 'b'] as const;
  /** Base, A, B: each of them explicit. */
  const SETS = [
    [0, 0],
    [1, 0],
    [0, 1],
  ].map((scales) => scales.map((scale, id) => ({ id, scale })));
  type Asked = readonly [set: number, words: number];
  const IN_TURN: readonly Asked[] = Array.from({ length: 4 }, () => [
    [1, 0] as const,
    [0, 1] as const,
    [0, 0] as const,
    [2, 1] as const,
    [2, 2] as const,
    [1, 2] as const,
    [1, 1] as const,
    [0, 2] as const,
  ]).flat();
  /** All three sets in each three. */
  const AT_ONCE: readonly Asked[] = Array.from({ length: 12 }, (_, round) => [
    [0, round % 3] as const,
    [1, (round + (round >> 1)) % 3] as const,
    [2, (2 * round) % 3] as const,
  ]).flat();

  it('answers wrongly by every rule but one', { timeout: 240_000 }, async () => {
    const rig = await startLaneRig(served, { page: new URL('bare-page', import.meta.url) });
    const page = await (await browser.newContext()).newPage();
    await page.goto(rig.origin);
    const open = (settings: BareSettings): Promise<void> =>
      page.evaluate(async (given) => window.bare.open(...given), [
        [offer.path],
        files.map((name) => PATHS.adapters + (ids.get(name) ?? '')),
        settings,
      ] as const);
    const ask = (asks: readonly BareAsk[]): Promise<readonly string[]> =>
      page.evaluate(async (all) => window.bare.ask(all), asks);
    const prompt = (words: number): string => WORDS[words]?.repeat(20) ?? '';

    const alone: string[][] = [];
    for (const lora of SETS) {
      await open({ parallel: 1, careful: true });
      const texts: string[] = [];
      for (const words of WORDS.keys())
        texts.push(...(await ask([{ prompt: prompt(words), lora, cachePrompt: false }])));
      alone.push(texts);
    }

    const wrongOf = async (
      settings: BareSettings,
      rule: 'unnamed' | 'named' | 'nothing again',
    ): Promise<string> => {
      const asked = settings.parallel === 1 ? IN_TURN : AT_ONCE;
      await open(settings);
      let wrong = 0;
      for (let at = 0; at < asked.length; at += settings.parallel) {
        const group = asked.slice(at, at + settings.parallel);
        const texts = await ask(
          group.map(([set, words]) => ({
            prompt: prompt(words),
            lora: rule === 'unnamed' && set === 0 ? undefined : SETS[set],
            cachePrompt: rule !== 'nothing again',
          })),
        );
        for (const [index, [set, words]] of group.entries())
          if (texts[index] !== alone[set]?.[words]) wrong += 1;
      }
      return `${wrong} of ${asked.length}`;
    };
    const table = {
      'the base names no adapters, one slot': await wrongOf({ parallel: 1, careful: false }, 'unnamed'),
      'all named, one slot': await wrongOf({ parallel: 1, careful: false }, 'named'),
      'all named, one slot, idle slots not cached': await wrongOf({ parallel: 1, careful: true }, 'named'),
      'all named, three slots at once': await wrongOf({ parallel: 3, careful: false }, 'named'),
      'all named, three slots at once, idle slots not cached': await wrongOf(
        { parallel: 3, careful: true },
        'named',
      ),
      'all named, three slots at once, nothing used again': await wrongOf(
        { parallel: 3, careful: true },
        'nothing again',
      ),
      'all named, one slot, nothing used again': await wrongOf(
        { parallel: 1, careful: true },
        'nothing again',
      ),
    };
    console.log('Wrong answers of the bare engine:', table);
    expect(table['all named, one slot, nothing used again']).toBe('0 of 32');
    expect(table['all named, three slots at once, nothing used again']).toBe('0 of 36');
    expect(table['the base names no adapters, one slot']).not.toBe('0 of 32');
    expect(table['all named, one slot, idle slots not cached']).not.toBe('0 of 32');
    await rig.stop();
  });
});
