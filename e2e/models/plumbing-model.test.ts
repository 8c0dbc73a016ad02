import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModelFile } from '../../companion/llama/model-file.ts';
import { jsonDecision } from '../../shared/inference/decision.ts';
import type { GenerateResult } from '../../shared/inference/generate.ts';
import { SeededRandom } from '../../shared/testing/seeded-random.ts';
import { openNative, type NativeModel } from './native-greedy.ts';
import { allWords, FORM_CLOSES, FORM_OPENS, longestText } from './nonsense.ts';
import { plumbingFile } from './plumbing-file.ts';

const encoding = jsonDecision({ maxTextChars: 600, maxReasonChars: 200 });

describe('the plumbing model', () => {
  let path: string;
  let model: NativeModel;
  beforeAll(async () => {
    path = await plumbingFile();
    model = await openNative(path);
  });
  afterAll(() => model.dispose());

  const decide = (
    content: string,
    temperature: number,
    seed: number,
    grammar = encoding.grammar,
  ): Promise<GenerateResult> =>
    model.generate({
      messages: [
        { role: 'system', content: 'House rules: be kind.' },
        { role: 'user', content },
      ],
      sampling: { temperature, seed, topK: 0, topP: 1 },
      maxTokens: encoding.maxTokens,
      grammar,
    });

  it('says in its header what it is', async () => {
    const { header, sizeBytes } = await readModelFile(path);
    expect(header).toMatchObject({
      name: 'plumbing model: speaks nonsense',
      starter: false,
      contextTokens: 8192,
    });
    expect(sizeBytes).toBeLessThan(1_000_000);
  });

  it('has no way through its words that is longer than 40 tokens', () => {
    expect(longestText()).toBeLessThanOrEqual(38);
  });

  it('always decides to speak, closes what it opened, and says words it has', async () => {
    const random = new SeededRandom(20261124);
    const words = allWords().toSorted((a, b) => b.length - a.length);
    const texts = new Set<string>();
    for (let round = 0; round < 120; round += 1) {
      const prompt = String.fromCodePoint(
        ...Array.from({ length: random.between(1, 200) }, () => random.between(32, 1_000)),
      );
      const temperature = round % 2 === 0 ? 0 : random.next() * 0.8;
      const result = await decide(prompt, temperature, round);
      expect(result.finishReason).toBe('stop');
      expect(result.completionTokens).toBeLessThanOrEqual(41);
      expect(result.text.startsWith(FORM_OPENS) && result.text.endsWith(FORM_CLOSES)).toBe(true);
      const decoded = encoding.decode(result.text);
      if (!decoded.ok || decoded.decision.kind !== 'spoke')
        throw new Error(`it did not speak: ${result.text}`);
      const { text } = decoded.decision;
      expect(words.reduce((rest, word) => rest.replaceAll(word, ''), text)).toBe('');
      texts.add(text);
    }
    // Which nonsense it is depends on the prompt.
    expect(texts.size).toBeGreaterThan(40);
  });

  it('answers other prompts with other texts, and the same prompt with the same', async () => {
    const prompts = ['Hello', 'Who are you?', 'What is the time?', 'Tell me about the sea.', 'Thanks!', '42'];
    const texts = [];
    for (const prompt of prompts) texts.push((await decide(prompt, 0, 0)).text);
    expect(new Set(texts).size).toBeGreaterThan(prompts.length / 2);
    expect((await decide(prompts[0] ?? '', 0, 0)).text).toBe(texts[0]);
  });

  it.each([1, 4, 12, 40])('closes the form when only %i characters are allowed', async (maxTextChars) => {
    const tight = jsonDecision({ maxTextChars, maxReasonChars: 10 });
    for (const temperature of [0, 0.8])
      expect(encoding.decode((await decide('Hello', temperature, 1, tight.grammar)).text)).toMatchObject({
        ok: true,
        decision: { kind: 'spoke' },
      });
  });

  it('ends by itself without a grammar, too', async () => {
    const result = await model.generate({
      messages: [{ role: 'user', content: 'Hello' }],
      sampling: { temperature: 0 },
      maxTokens: 200,
    });
    expect(result.finishReason).toBe('stop');
    expect(encoding.decode(result.text)).toMatchObject({ ok: true });
  });
});
