/** Owns the journey of LoRA adapters: offered by the companion, chosen for her, thought with, and refused where none can. */
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

test('an adapter in the tab is refused by name, and never left out without a word', async ({
  home,
  start,
  visit,
}) => {
  const [model, lora] = [join(home, 'random.gguf'), join(home, 'sailor.gguf')];
  await writeFile(model, randomModel({ seed: 1 }));
  await writeFile(lora, randomLora({ seed: 2 }));
  const companion = await start(['--model', model, '--adapter', lora, '--lane', 'gguf']);
  const visitor = await visit(companion.link);
  await visitor.personaIsIdle();
  await visitor.models.getByRole('checkbox', { name: /thinks with random adapter 2/ }).check();
  expect((await visitor.sayAndSettle('Hello?')).event).toBe('turn.errored');
  await expect(visitor.persona).toContainText('LoRA adapters');
});
