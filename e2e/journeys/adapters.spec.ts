/** Owns the journey of LoRA adapters: offered by the companion, chosen for her, and thought with, there or in the tab. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomLora } from '../models/random-lora.ts';
import { randomModel } from '../models/random-model.ts';
import { expect, test } from './journey.ts';

test('an adapter is offered, chosen for her, kept over a reload, and given up again', async ({
  home,
  start,
  visit,
}) => {
  const [model, lora] = [join(home, 'random.gguf'), join(home, 'sailor.gguf')];
  await writeFile(model, randomModel({ seed: 1 }));
  await writeFile(lora, randomLora({ seed: 2, strength: 1 }));
  const companion = await start(['--model', model, '--adapter', lora]);
  const visitor = await visit(companion.link);
  const { models, page } = visitor;
  await visitor.personaIsIdle();
  const name = await visitor.personaName();
  const used = models.getByRole('checkbox', { name: `${name} thinks with random adapter 2` });
  await expect(used).not.toBeChecked();
  const alone = await visitor.sayAndSettle('Hello?');
  expect(alone.event).not.toBe('turn.errored');

  await used.check();
  // Another sequence of the engine, that has read nothing yet.
  const first = await visitor.sayAndSettle('And now?');
  expect([first.event === 'turn.errored', first.cachedTokens]).toEqual([false, 0]);
  await page.reload();
  await visitor.personaIsIdle();
  await expect(used).toBeChecked();
  const again = await visitor.sayAndSettle('Still there?');
  expect(again.cachedTokens).toBeGreaterThan(20);

  await used.uncheck();
  const base = await visitor.sayAndSettle('Who are you?');
  expect(base.event).not.toBe('turn.errored');
});

test('an adapter is thought with in the tab; while its file is another one, that is named, and it is not left out', async ({
  home,
  start,
  visit,
}) => {
  const [model, lora] = [join(home, 'random.gguf'), join(home, 'sailor.gguf')];
  const adapter = randomLora({ seed: 2, strength: 1 });
  await writeFile(model, randomModel({ seed: 1 }));
  await writeFile(lora, adapter);
  const companion = await start(['--model', model, '--adapter', lora, '--lane', 'gguf']);
  const visitor = await visit(companion.link);
  await visitor.personaIsIdle();
  await writeFile(lora, randomLora({ seed: 3 }));
  await visitor.models.getByRole('checkbox', { name: /thinks with random adapter 2/ }).check();
  expect((await visitor.sayAndSettle('Hello?')).event).toBe('turn.errored');
  await expect(visitor.persona).toContainText('Check the paths given with --adapter');
  await writeFile(lora, adapter);
  // The engine was loaded again with it, and has read nothing yet.
  const first = await visitor.sayAndSettle('And now?');
  expect([first.event === 'turn.errored', first.cachedTokens]).toEqual([false, 0]);
  const again = await visitor.sayAndSettle('Still there?');
  expect(again.cachedTokens).toBeGreaterThan(20);
});
