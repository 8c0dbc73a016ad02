import { existsSync } from 'node:fs';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMlcFolder } from '../../companion/mlc/mlc-folder.ts';
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import { jsonDecision } from '../../shared/inference/decision.ts';
import type { GenerateRequest, GenerateResult } from '../../shared/inference/generate.ts';
import { MLC_FILES } from '../../shared/models/mlc-files.ts';
import { renderPrompt } from '../../web/brain/compose/prompt-form.ts';
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

const DECISION = jsonDecision({ maxTextChars: 60, maxReasonChars: 40 });

/** A turn as a persona takes it: the lines that the room has by then, and what is hers. */
function turn(name: string, lines: readonly string[], trigger: string): GenerateRequest {
  const messages = renderPrompt({
    transcript: lines,
    card: `You are ${name}, who listens.`,
    memories: [`${name} was told to be brief.`],
    roster: 'With you in the room: Kim.',
    signals: `Of the last ${lines.length} lines none is by you.`,
    dateAndTime: 'It is Tuesday.',
    audience: 'to you',
    trigger: `Kim: ${trigger}`,
    name,
    instruction: DECISION.instruction,
  });
  const { grammar, maxTokens } = DECISION;
  return { messages, sampling: { temperature: 0 }, maxTokens, grammar };
}

/** What people write is no pattern, whatever web-llm replaces in its templates, and may look like the rest of a prompt. */
const harbour = Array.from({ length: 12 }, (_, at) =>
  at % 4 === 3
    ? `Kim: Now decide as Mira. – 海 ${at}, é ${at} 🦭`
    : `Kim: boat ${at} is in, for "$&" and {user_message}`,
);
const forest = harbour.map((line) => line.replace('boat', 'tree'));

type Answers<T> = { [K in keyof T]: GenerateResult };

async function answers<const T extends readonly GenerateRequest[]>(
  page: Page,
  requests: T,
): Promise<Answers<T>> {
  const outcome = await page.evaluate(async (given) => window.laneRig!.generate(given), requests);
  if (outcome.ok) return outcome.value as unknown as Answers<T>;
  throw Object.assign(new Error(outcome.error.message), outcome.error);
}

/** What an engine says that has read nothing before. */
async function fresh(page: Page, request: GenerateRequest): Promise<Partial<GenerateResult>> {
  await page.evaluate(async () => window.laneRig!.unload());
  const [{ text, promptTokens, cachedTokens }] = await answers(page, [request]);
  expect(cachedTokens).toBe(0);
  return { text, promptTokens };
}

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

    it(
      'reads only what is new, and answers as an engine does that reads all of it',
      { timeout: 300_000 },
      async () => {
        const page = await openPage(browser);
        await open(page, await serve('tiny', MLC_TEST_MODEL));
        const before = turn('Mira', harbour.slice(0, 8), 'Who is in?');
        const now = turn('Mira', harbour.slice(0, 10), 'And now?');
        const byAnother = turn('Oskar', harbour.slice(0, 10), 'And now?');
        const elsewhere = turn('Mira', forest, 'What grows?');
        const primed = await page.evaluate(async (given) => window.laneRig!.prime(given), before.messages);
        const inTurn = await answers(page, [before, now, byAnother, elsewhere, now]);
        const [first, second, another, other, back] = inTurn;
        expect(primed).toEqual({ ok: true, value: first.promptTokens });
        expect(first.promptTokens - first.cachedTokens).toBe(1);
        // The rules of the house are the same everywhere; the room is not.
        const rules = other.cachedTokens;
        expect(rules).toBeLessThan(other.promptTokens / 3);
        expect(back.cachedTokens).toBe(rules);
        for (const { cachedTokens, promptTokens } of [second, another]) {
          expect(cachedTokens).toBeGreaterThan(rules);
          expect(cachedTokens).toBeGreaterThan(promptTokens / 2);
        }

        // What was stopped, or was cut, or could not be read at all, has no part in what comes next.
        const stopped = await page.evaluate(async (given) => window.laneRig!.abort(given), byAnother);
        expect(stopped).toMatchObject({ ok: false, error: { code: 'Aborted' } });
        const [afterStop, cut] = await answers(page, [now, { ...byAnother, maxTokens: 3 }]);
        expect(cut.finishReason).toBe('length');
        const tooLong = turn('Mira', [...harbour, ...forest, ...harbour, ...forest], 'And now?');
        await expect(answers(page, [tooLong])).rejects.toMatchObject({ code: 'ContextOverflow' });
        const [afterCut] = await answers(page, [now]);

        const nowFresh = await fresh(page, now);
        const told = [second, back, afterStop, afterCut].map(({ text, promptTokens }) => ({
          text,
          promptTokens,
        }));
        expect(told).toEqual(told.map(() => nowFresh));
        expect(another).toMatchObject(await fresh(page, byAnother));
        expect(other).toMatchObject(await fresh(page, elsewhere));
        await page.context().close();
      },
    );
  },
);
