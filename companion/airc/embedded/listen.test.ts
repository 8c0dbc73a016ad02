import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import { systemRandom } from '../../../shared/random.ts';
import { SocketClient } from '../socket-client.ts';
import { startEmbeddedDaemon, type EmbeddedDaemon } from './embedded-daemon.ts';
import { embeddedSocketPath } from './socket-path.ts';

let folder: string;
let started: EmbeddedDaemon[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airc-listen-'));
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((daemon) => daemon.close()));
  await rm(folder, { recursive: true, force: true });
});

const socketPath = (): string => join(folder, 'airc.sock');

async function start(store = 'airc.db', path = socketPath()): Promise<EmbeddedDaemon> {
  const daemon = await startEmbeddedDaemon({
    socketPath: path,
    storeFile: join(folder, store),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
  started.push(daemon);
  return daemon;
}
const client = (): SocketClient =>
  new SocketClient({ path: socketPath(), clock: systemClock, log: silentLogger });
const startFailed = { code: 'DaemonStartFailed' };

describe.skipIf(process.platform === 'win32')('the socket', () => {
  it('left by a killed daemon is taken over', async () => {
    const script = `require('node:net').createServer().listen(${JSON.stringify(socketPath())}, () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    expect((await stat(socketPath())).isSocket()).toBe(true);
    await start();
    await client().ping();
  });

  it('of a living daemon is not: neither by its store nor by its path', async () => {
    await start();
    await expect(start('airc.db', join(folder, 'other.sock'))).rejects.toMatchObject(startFailed);
    await expect(start('other.db')).rejects.toMatchObject(startFailed);
    await client().ping();
  });

  it('of another program is not', async () => {
    const other = createServer().listen(socketPath());
    await once(other, 'listening');
    await expect(start()).rejects.toMatchObject(startFailed);
    await new Promise((done) => other.close(done));
    await start();
  });

  it('never replaces a file that is none', async () => {
    await writeFile(socketPath(), 'precious');
    await expect(start()).rejects.toMatchObject(startFailed);
    expect((await stat(socketPath())).size).toBe(8);
  });

  it('is not opened in a folder that others can enter', async () => {
    await chmod(folder, 0o755);
    await expect(start()).rejects.toMatchObject({ code: 'HomeUnusable' });
    await chmod(folder, 0o700);
  });

  it('is gone with its daemon, which can be started again at once', async () => {
    const daemon = await start();
    await daemon.close();
    await expect(stat(socketPath())).rejects.toMatchObject({ code: 'ENOENT' });
    await start();
    await client().ping();
  });
});

describe('stop', () => {
  it('is answered, ends the streams, and ends the daemon', async () => {
    const daemon = await start();
    const channel = '5eedf7b1-14b1-5938-b4ea-047c239c8fd4';
    const events = await client().attach({ channel, start: { from: 'now' } }, new AbortController().signal);
    await client().stop();
    for await (const event of events) expect(event).toBeUndefined();
    await daemon.ended;
    await expect(client().ping()).rejects.toMatchObject({ code: 'DaemonUnreachable' });
  });

  it('is not held up by a client that says nothing', async () => {
    const daemon = await start();
    const { connect } = await import('node:net');
    const idle = connect(socketPath());
    await once(idle, 'connect');
    await daemon.close();
    idle.destroy();
  });
});

describe('the path', () => {
  it('is in the run folder of the home, and short enough for every system', () => {
    const home = { path: '/home/jane/.persona-node', runDir: '/home/jane/.persona-node/run' };
    expect(embeddedSocketPath(home, 'linux')).toBe(join(home.runDir, 'airc-embedded-v5.sock'));
    const deep = { path: `/home/${'x'.repeat(100)}`, runDir: `/home/${'x'.repeat(100)}/run` };
    expect(Buffer.byteLength(embeddedSocketPath(deep, 'linux'))).toBeLessThan(100);
    expect(embeddedSocketPath(deep, 'linux')).not.toBe(embeddedSocketPath({ ...deep, path: '/y' }, 'linux'));
  });

  it('is a pipe of its own per home on Windows', () => {
    const home = { path: 'C:\\Users\\jane\\.persona-node', runDir: 'C:\\Users\\jane\\.persona-node\\run' };
    expect(embeddedSocketPath(home, 'win32')).toMatch(/^\\\\\.\\pipe\\persona-node-airc-v5-[0-9a-f]{16}$/);
  });
});
