/** Owns the journey of a model that MLC compiled: `--model FOLDER`, web-llm in the tab on WebGPU, and its answer in the room. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MLC_TEST_MODEL } from '../models/mlc/test-model.ts';
import { launchChromium, WEBGPU_ON_SWIFTSHADER } from '../run/chromium.ts';
import { expect, test } from './journey.ts';
import { Visitor } from './visitor.ts';

test.describe('a folder that MLC compiled', () => {
  test.skip(!existsSync(MLC_TEST_MODEL), 'left out: npm run make:mlc-test-model makes the model for it');

  test('is thought with in the tab, on WebGPU', async ({ start }) => {
    const companion = await start(['--model', MLC_TEST_MODEL]);
    const browser = await launchChromium(WEBGPU_ON_SWIFTSHADER);
    try {
      const visitor = await Visitor.arrive(await browser.newContext(), companion.link);
      await visitor.personaIsIdle();
      await expect(visitor.status).toContainText('mlc, in this tab');
      await expect(visitor.status).toContainText('web-llm 0.2.86 on WebGPU');
      await expect(visitor.models).toContainText('mlc-test-model');
      const { event, completionTokens } = await visitor.sayAndSettle('Hello?');
      // Random weights: they may say nothing, or be silent, in the form that the grammar gives them.
      expect(event).not.toBe('turn.errored');
      expect(completionTokens).toBeGreaterThan(5);
      expect(visitor.defects).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

test('a folder that MLC compiled is refused by name where there is no GPU, and the page stays', async ({
  home,
  start,
  visit,
}) => {
  const folder = join(home, 'compiled');
  await mkdir(folder);
  const config = {
    quantization: 'q4f16_1',
    vocab_size: 8,
    conv_template: {},
    context_window_size: 2_048,
    tokenizer_files: ['tokenizer.json'],
  };
  for (const [name, content] of [
    ['mlc-chat-config.json', JSON.stringify(config)],
    ['tensor-cache.json', JSON.stringify({ records: [{ dataPath: 'shard.bin', nbytes: 1 }] })],
    ['shard.bin', 'x'],
    ['tokenizer.json', '{}'],
    ['model.wasm', ''],
  ] as const)
    await writeFile(join(folder, name), content);
  const companion = await start(['--model', folder]);
  const visitor = await visit(companion.link);
  await expect(visitor.models).toContainText('this model is compiled for WebGPU in f16');
  await expect(visitor.models).toContainText('NoLane');
});
