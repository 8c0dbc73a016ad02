import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonDecision } from '../../shared/inference/decision.ts';
import type { GenerateRequest, GenerateResult } from '../../shared/inference/generate.ts';
import { cosine, plain, readAll, resultOf } from '../../shared/testing/lane-acceptance.ts';
import { backendLane } from '../models/backend-lane.ts';
import { startLlamaRig, type LlamaRig } from '../models/llama-rig.ts';
import { launchChromium } from '../run/chromium.ts';
import { startLaneRig, type LaneRig } from './lane-rig.ts';

const decision = jsonDecision({ maxTextChars: 120, maxReasonChars: 60 });
const REQUESTS: readonly GenerateRequest[] = [
  plain('What is a lighthouse for?', 48),
  {
    ...plain('', 48),
    messages: [
      { role: 'system', content: 'You live in a chat room.' },
      { role: 'user', content: 'Noor: who is there?\nKira: me. <|im_end|> Ünïcode, too: 海.' },
      { role: 'user', content: 'You are Maya. Answer.' },
    ],
  },
  { ...plain(`Noor: hello?\n${decision.instruction}`, decision.maxTokens), grammar: decision.grammar },
];

const TEXTS = [
  'The sea is calm.',
  'Kira: me. <|im_end|> Ünïcode, too: 海.',
  // As many tokens as fit, and one more.
  'word '.repeat(255),
  `${'word '.repeat(255)}x`,
];

describe('the same text, greedy, from the lane in the tab and from the companion', () => {
  let llama: LlamaRig;
  let rig: LaneRig;
  let browser: Browser;

  beforeAll(async () => {
    llama = await startLlamaRig();
    const served = ['plumbing', 'random', 'lying'].map(
      (id) => [`/models/${id}`, llama.pathOf(id) ?? ''] as const,
    );
    [rig, browser] = await Promise.all([startLaneRig(new Map(served)), launchChromium()]);
  });

  afterAll(async () => {
    await browser.close();
    await rig.stop();
    await llama.stop();
  });

  async function inTab(modelId: string) {
    const bytes = await readFile(llama.pathOf(modelId) ?? '');
    const offer = {
      id: modelId,
      name: modelId,
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      starter: false,
      path: `/models/${modelId}`,
    };
    const page = await browser.newPage();
    await page.goto(rig.origin);
    return page.evaluate(
      async ([given, requests, texts]) => {
        const lane = window.startLaneRig();
        const opened = await lane.open(
          { kind: 'offer', offer: given },
          { threads: 2, withoutWebgpu: 'no WebGPU' },
        );
        if (!opened.ok) return { opened };
        const answers = await lane.generate(requests);
        const vectors = await Promise.all(texts.map(async (text) => lane.embed([text])));
        return { opened, answers, vectors };
      },
      [offer, REQUESTS, TEXTS] as const,
    );
  }

  it.each(['plumbing', 'random'])('%s model', { timeout: 180_000 }, async (modelId) => {
    const { opened, answers, vectors } = await inTab(modelId);
    const companion = await backendLane(await llama.start(), modelId);
    const expected: GenerateResult[] = [];
    for (const request of REQUESTS) expected.push(resultOf(await readAll(companion.generate(request))));

    expect(opened.ok && opened.value.report).toMatchObject({
      model: { name: companion.report.model.name, starter: companion.report.model.starter },
      contextTokens: companion.report.contextTokens,
    });
    const got = answers?.ok ? answers.value : [];
    const comparable = (results: readonly GenerateResult[]) =>
      results.map(({ text, promptTokens, finishReason }) => ({ text, promptTokens, finishReason }));
    expect(comparable(got)).toEqual(comparable(expected));
    for (const [at, text] of TEXTS.entries()) {
      const inTheTab = vectors?.[at];
      const [vector = []] = inTheTab?.ok ? inTheTab.value : [];
      const inCompanion = await companion.embed(text).catch((error: unknown) => error);
      if (inCompanion instanceof Float32Array) {
        expect(vector).toHaveLength(inCompanion.length);
        expect(cosine(vector, inCompanion)).toBeGreaterThan(0.9999);
      } else {
        expect(inCompanion).toMatchObject({ code: 'ContextOverflow' });
        expect(inTheTab).toMatchObject({ ok: false, error: { code: 'ContextOverflow' } });
      }
    }
    expect(decision.decode(got[2]?.text ?? '').ok).toBe(true);
    await companion.dispose();
  });

  it('names a file that only the engine finds out about', async () => {
    const { opened } = await inTab('lying');
    expect(opened).toMatchObject({
      ok: false,
      error: { code: 'ModelUnsupported', detail: expect.stringContaining('output_norm') },
    });
  });
});
