import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import { systemRandom } from '../../../shared/random.ts';
import { SocketClient } from '../socket-client.ts';
import { keepEmbeddedDaemon } from './kept-daemon.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airc-kept-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('starts the daemon again that a client ended, with what it had, and ends with its owner', async () => {
  const socketPath = join(folder, 'airc.sock');
  const kept = await keepEmbeddedDaemon({
    socketPath,
    storeFile: join(folder, 'airc.db'),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
  const client = new SocketClient({ path: socketPath, clock: systemClock, log: silentLogger });
  const channel = '3f2c3a52-6f0e-4a53-9d0e-6b1d2f1f2a01';
  await client.send({ channel, fromPeer: channel, fromClient: channel, text: 'before' });
  await client.stop();
  await vi.waitFor(() => client.ping(), { timeout: 10_000 });
  expect((await client.inbox({ channel, limit: 10 })).events).toHaveLength(1);
  await kept.close();
  await expect(client.ping()).rejects.toMatchObject({ code: 'DaemonUnreachable' });
});
