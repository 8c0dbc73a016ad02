import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import { systemRandom } from '../../../shared/random.ts';
import { describeDaemon } from '../../../shared/testing/daemon-acceptance.ts';
import { SocketClient } from '../socket-client.ts';
import { startEmbeddedDaemon } from './embedded-daemon.ts';

describeDaemon('the built-in daemon over its socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'airc-embedded-'));
  const options = {
    socketPath: join(folder, 'airc.sock'),
    storeFile: join(folder, 'airc.db'),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  };
  let daemon = await startEmbeddedDaemon(options);
  return {
    client: new SocketClient({ path: options.socketPath, clock: systemClock, log: silentLogger }),
    restart: async () => {
      await daemon.close();
      daemon = await startEmbeddedDaemon(options);
    },
    stop: async () => {
      await daemon.close();
      await rm(folder, { recursive: true });
    },
  };
});
