import type { Locator } from '@playwright/test';
import { SocketClient } from '../../companion/airc/socket-client.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { systemRandom, uuidV4 } from '../../shared/random.ts';
import type { CompanionProcess } from '../run/companion-process.ts';
import { expect, test } from './journey.ts';

/** More than are drawn at first, and more than one page of the past. */
const LINES = 450;

/** Somebody else in the room, over the daemon's socket. */
async function joinRoom(companion: CompanionProcess): Promise<(text: string) => Promise<unknown>> {
  const { daemon, rooms } = await companion.status();
  const client = new SocketClient({ path: daemon.socketPath, clock: systemClock, log: silentLogger });
  const sender = { fromPeer: uuidV4(systemRandom), fromClient: uuidV4(systemRandom) };
  return (text) => client.send({ channel: rooms[0]?.channel ?? '', ...sender, text });
}

test('a long room opens at its end, and the past is paged in without losing the place', async ({
  start,
  visit,
}) => {
  const companion = await start();
  const say = await joinRoom(companion);
  const visitor = await visit(companion.link);
  await visitor.personaIsIdle();
  await visitor.page.getByRole('button', { name: /^Put .* to sleep$/ }).click();
  for (let n = 1; n <= LINES; n += 1) await say(`line ${n}.`);
  const line = (n: number): Locator => visitor.timeline.getByText(`line ${n}.`, { exact: true });
  await expect(line(LINES)).toBeInViewport();

  await visitor.page.reload();
  await expect(line(LINES)).toBeInViewport();
  await expect(line(1)).toHaveCount(0);
  const older = visitor.page.getByRole('button', { name: 'Load older' });
  await expect(async () => {
    if ((await line(1).count()) === 0) await older.click();
    await expect(line(1)).toHaveCount(1, { timeout: 1_000 });
  }).toPass({ timeout: 60_000 });
  // In order, each once.
  const numbers = (await visitor.messages.locator('.text').allTextContents()).flatMap((text) =>
    /^line \d+\.$/.test(text) ? [Number(/\d+/.exec(text)?.[0])] : [],
  );
  expect(numbers).toEqual(Array.from({ length: LINES }, (_, index) => index + 1));
});

test('what came while the person was away stands under a line, until they speak', async ({
  start,
  visit,
}) => {
  const companion = await start();
  const say = await joinRoom(companion);
  const visitor = await visit(companion.link);
  await visitor.personaIsIdle();
  await visitor.ask('I go for a moment');
  await visitor.page.goto('about:blank');
  await say('Said while nobody was here');

  await visitor.page.goto(companion.origin);
  const line = visitor.timeline.getByRole('separator', { name: 'New since you were here' });
  await expect(line).toBeVisible();
  await visitor.personaIsIdle();
  await visitor.say('I am back');
  await expect(line).toHaveCount(0);
});

test('what others write is text, whatever it looks like', async ({ start, visit }) => {
  const companion = await start();
  const say = await joinRoom(companion);
  const visitor = await visit(companion.link);
  await visitor.personaIsIdle();
  const hostile = '<img src=x onerror="document.title=1"><script>alert(1)</script> [a](javascript:alert(1))';
  await say(hostile);
  await expect(visitor.timeline.getByText(hostile, { exact: true })).toBeVisible();
  expect(await visitor.timeline.locator('img, script, a').count()).toBe(0);
});

test('everything can be done from the keyboard', async ({ settle }) => {
  const { visitor } = await settle();
  const { page } = visitor;
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the message box' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(visitor.messageBox).toBeFocused();
  await page.keyboard.type('From the keyboard');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('in two lines');
  await page.keyboard.press('Enter');
  await expect(visitor.messages.filter({ hasText: 'in two lines' })).toHaveCount(1);
  await expect(visitor.messageBox).toHaveValue('');

  // Forward through the page: every control is reached, each with a name.
  const names: string[] = [];
  for (let press = 0; press < 15; press += 1) {
    await page.keyboard.press('Tab');
    names.push(
      await page.evaluate(() => {
        let focused = document.activeElement;
        while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
        return focused?.getAttribute('aria-label') ?? focused?.textContent?.trim() ?? '';
      }),
    );
  }
  for (const name of [
    'Put',
    'Open a GGUF file',
    'Copy code',
    'I have saved it',
    'Download backup',
    'Restore',
  ])
    expect(names.some((found) => found.startsWith(name))).toBe(true);
});

test('a persona that was put to sleep reads along and is silent until she is woken', async ({ settle }) => {
  const { visitor } = await settle();
  const name = await visitor.personaName();
  await visitor.page.getByRole('button', { name: `Put ${name} to sleep` }).click();
  await expect(visitor.persona).toContainText('Asleep');
  await visitor.say('Are you awake?');
  await expect(visitor.messages.last()).toContainText('Are you awake?');
  await visitor.page.reload();
  await expect(visitor.persona).toContainText('Asleep');
  await visitor.page.getByRole('button', { name: `Wake ${name}` }).click();
  expect(await visitor.ask('And now?')).not.toBe('');
});
