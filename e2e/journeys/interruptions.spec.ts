import { join } from 'node:path';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { systemRandom } from '../../shared/random.ts';
import { startEmbeddedDaemon } from '../../companion/airc/embedded/embedded-daemon.ts';
import { SocketClient } from '../../companion/airc/socket-client.ts';
import { writeSlowModel } from '../models/slow-model.ts';
import { expect, test } from './journey.ts';

test.describe('interruptions', () => {
  test('a companion killed during an answer: the page reconnects, and nothing is said twice', async ({
    home,
    start,
    settle,
  }) => {
    const model = join(home, 'slow.gguf');
    await writeSlowModel(model);
    const { companion: first, visitor } = await settle(['--model', model]);
    const port = new URL(first.origin).port;
    const name = await visitor.personaName();
    await visitor.say('Tell me something long.');
    await expect(visitor.persona).toContainText('Writing');

    await first.kill();
    await expect(visitor.status).toContainText('reconnecting');
    // Cause and next step stand there, and nobody seems to go on writing.
    await expect(visitor.page.getByText('Check that "npm start" is still running')).toBeVisible();
    await expect(visitor.persona).toContainText('Waiting');
    await expect(visitor.persona).toContainText('for the companion');
    // What is said meanwhile is kept.
    await visitor.say('Are you there?');
    const second = await start(['--port', port, '--model', model]);
    await expect(visitor.status).toContainText('connected');
    await expect(visitor.messages.filter({ hasText: 'Are you there?' })).not.toContainText('Sending');

    // What was said meanwhile is answered; the interrupted turn may be told as errored, but never comes twice.
    await expect(visitor.messagesOf(name)).not.toHaveCount(0, { timeout: 60_000 });
    await visitor.personaIsIdle();
    expect(await visitor.messages.filter({ hasText: 'Tell me something long.' }).count()).toBe(1);
    const texts = await visitor.messagesOf(name).locator('.text').allTextContents();
    expect(texts.length).toBeLessThanOrEqual(2);
    expect(new Set(texts).size).toBe(texts.length);

    // What the page shows is what the room holds.
    const { daemon, rooms } = await second.status();
    const client = new SocketClient({ path: daemon.socketPath, clock: systemClock, log: silentLogger });
    const { events } = await client.inbox({ channel: rooms[0]?.channel ?? '', limit: 200 });
    const peerId = await visitor.personaPeerId();
    const mids = events
      .filter((event) => event.peerId === peerId && event.kind === 'message')
      .map((event) => event.headers.get('x-persona.mid'));
    expect(mids).toHaveLength(texts.length);
    expect(new Set(mids).size).toBe(mids.length);
    await second.stop();
  });

  test('a companion that was ended and started again finds everybody at home', async ({ start, settle }) => {
    const { companion: first, visitor } = await settle();
    const port = new URL(first.origin).port;
    const peerId = await visitor.personaPeerId();
    await visitor.ask('Before the restart');
    await first.stop();
    await expect(visitor.status).toContainText('reconnecting');

    await start(['--port', port]);
    await expect(visitor.status).toContainText('connected');
    await visitor.personaIsIdle();
    expect(await visitor.personaPeerId()).toBe(peerId);
    expect(await visitor.ask('After the restart')).not.toBe('');
    expect(await visitor.messages.filter({ hasText: 'Before the restart' }).count()).toBe(1);
  });

  test('a daemon that goes and comes back: told, kept, and sent when it is back', async ({
    home,
    settle,
  }) => {
    const options = {
      socketPath: join(home, 'own.sock'),
      storeFile: join(home, 'own.db'),
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
    };
    const first = await startEmbeddedDaemon(options);
    const channel = '3f2c3a52-6f0e-4a53-9d0e-6b1d2f1f2a01';
    const { companion, visitor } = await settle(['--airc', options.socketPath, '--room', channel]);
    await expect(visitor.status).toContainText('airc daemon');
    await visitor.ask('Before the daemon went');

    await first.close();
    await expect(visitor.status).toContainText('airc daemon, gone');
    await expect(visitor.persona).toContainText('for the daemon');
    await expect(visitor.page.getByText('The daemon is away: what you say is kept')).toBeVisible();
    await visitor.say('Said while it was away');
    await expect(visitor.messages.last()).toContainText('Sending');

    const second = await startEmbeddedDaemon(options);
    await expect(visitor.status).not.toContainText('gone');
    await expect(visitor.messages.filter({ hasText: 'Said while it was away' })).not.toContainText('Sending');
    expect(await visitor.ask('And now?')).not.toBe('');
    expect(await visitor.messages.filter({ hasText: 'Said while it was away' }).count()).toBe(1);
    await companion.stop();
    await second.close();
  });
});
