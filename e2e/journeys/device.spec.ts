import { expect, test } from './journey.ts';

test.describe('the device', () => {
  test('is measured, freed for something else, and thought with again; what was asked meanwhile is answered', async ({
    settle,
  }) => {
    const { visitor } = await settle();
    const { models, persona, page } = visitor;
    await models.getByText('Speed, and its share of the time').click();
    await models.getByRole('button', { name: 'Measure its speed' }).click();
    await expect(models).toContainText(
      /On this device it reads [\d,.]+ tokens\/s and writes [\d,.]+ tokens\/s/,
      {
        timeout: 30_000,
      },
    );
    await visitor.ask('Hello?');

    await models.getByRole('button', { name: 'Free the memory now' }).click();
    await expect(persona).toContainText('Waiting');
    await expect(page.getByRole('status', { name: 'Node status' })).toContainText('at rest');
    const before = await visitor.messages.count();
    await visitor.say('Is anybody there?');
    await expect(visitor.messages).toHaveCount(before + 1);
    await models.getByRole('button', { name: 'Think again' }).click();
    await expect(visitor.messages).toHaveCount(before + 2, { timeout: 30_000 });
    await visitor.personaIsIdle();
  });

  test('keeps the share that the person gave it over a reload', async ({ settle }) => {
    const { visitor } = await settle();
    const unfold = (): Promise<void> => visitor.models.getByText('Speed, and its share of the time').click();
    await unfold();
    const share = visitor.models.getByRole('combobox', { name: "Of this device's time thinking may take" });
    await share.selectOption('half of it');
    await visitor.ask('Hello?');
    await visitor.page.reload();
    await visitor.personaIsIdle();
    await unfold();
    await expect(share).toHaveValue('0.5');
  });

  test('thinks where the person chose, also after a reload, and goes back', async ({ settle }) => {
    const { visitor } = await settle();
    const { models, status, page } = visitor;
    const place = models.getByRole('combobox', { name: 'Think' });
    await expect(place).toHaveValue('auto');
    await expect(status).toContainText('companion, on this machine');
    // Without a mouse: the way to the last option passes by the others, and nobody moves for that.
    await place.focus();
    await page.keyboard.press('ArrowDown');
    await expect(status).toContainText('companion, on this machine');
    await expect(place).toHaveValue('tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect(status).toContainText('as you chose');
    await expect(status).toContainText('gguf, in this tab');
    await visitor.ask('Hello?');
    await page.reload();
    await visitor.personaIsIdle();
    await expect(status).toContainText('gguf, in this tab');
    await expect(place).toHaveValue('tab');
    await place.selectOption('where it goes best');
    await models.getByRole('button', { name: 'Move there' }).click();
    await expect(place).toBeFocused();
    await expect(status).toContainText('companion, on this machine');
    await visitor.ask('Are you there?');
  });
});
