import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeResponse, type IpcResponse } from '../../../shared/airc/ipc/response.ts';
import { channelOf } from '../../../shared/airc/room.ts';
import { systemClock } from '../../../shared/clock.ts';
import { silentLogger } from '../../../shared/log.ts';
import { systemRandom } from '../../../shared/random.ts';
import { startEmbeddedDaemon, type EmbeddedDaemon } from '../embedded/embedded-daemon.ts';
import { toFrame } from '../frames.ts';
import { resolveDaemon, type DaemonOptions, type ResolvedDaemon } from './resolve-daemon.ts';
import { nodeSystem, type Finished, type SystemAccess } from './system.ts';

const CHANNEL = 'be7b4860-a89d-55b3-886e-85d5f0acb3bd';
const OTHER_CHANNEL = '9053b97d-cf25-5e8f-9c83-b6ccd90fb8e4';
const ok = (stdout: string): Finished => ({ code: 0, stdout, stderr: '' });

let folder: string;
let cleanUp: (() => unknown)[];

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'airc-discovery-')));
  await mkdir(join(folder, 'home', 'run'), { recursive: true, mode: 0o700 });
  cleanUp = [];
});
afterEach(async () => {
  for (const undo of cleanUp.toReversed()) await undo();
  await rm(folder, { recursive: true, force: true });
});

/** A machine without airc, unless `run` plays it; `ran` is what was asked of it. */
function machine(
  run: (args: string) => Finished | undefined | Promise<Finished | undefined> = () => undefined,
  env: Record<string, string> = {},
): SystemAccess & { readonly ran: string[]; readonly cwds: Set<string> } {
  const ran: string[] = [];
  const cwds = new Set<string>();
  return {
    env: { USER: 'jane', ...env },
    personHome: folder,
    hostname: 'host1.example',
    ran,
    cwds,
    run: async (program, args, { cwd }) => {
      expect(program).toBe('airc');
      ran.push(args.join(' '));
      cwds.add(cwd);
      return run(args.join(' '));
    },
  };
}

async function resolve(options: DaemonOptions, system: SystemAccess): Promise<ResolvedDaemon> {
  const home = { path: join(folder, 'home'), runDir: join(folder, 'home', 'run') };
  const signal = new AbortController().signal;
  const daemon = await resolveDaemon(
    options,
    { home, clock: systemClock, random: systemRandom, log: silentLogger, signal },
    system,
  );
  cleanUp.push(() => daemon.close());
  return daemon;
}

/** A daemon that somebody else runs. */
async function runDaemon(socketPath: string): Promise<EmbeddedDaemon> {
  await mkdir(folder, { recursive: true });
  const storeFile = join(folder, 'installed.db');
  const deps = { clock: systemClock, random: systemRandom, log: silentLogger };
  const daemon = await startEmbeddedDaemon({ socketPath, storeFile, ...deps });
  cleanUp.push(() => daemon.close());
  return daemon;
}

/** Something that answers every request alike. */
async function answering(path: string, response: IpcResponse): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('data', () => socket.end(toFrame(encodeResponse(response))));
    socket.on('error', () => undefined);
  }).listen(path);
  await new Promise((done) => server.once('listening', done));
  cleanUp.push(() => server.close());
  return server;
}

describe('without airc', () => {
  it('starts the built-in daemon, in the common room', async () => {
    const daemon = await resolve({ airc: 'auto' }, machine());
    expect(daemon).toMatchObject({
      kind: 'embedded',
      reason: 'no airc is installed',
      rooms: [{ name: 'general', channel: channelOf('local:host1:jane', 'general') }],
    });
    await daemon.connection.ping();
    await daemon.close();
    await expect(daemon.connection.ping()).rejects.toMatchObject({ code: 'DaemonUnreachable' });
  });

  it('keeps its rooms when the machine gets another name', async () => {
    const first = await resolve({ airc: 'auto' }, machine());
    await first.close();
    const second = await resolve({ airc: 'auto' }, { ...machine(), hostname: 'renamed' });
    expect(second.rooms).toEqual(first.rooms);
  });

  it('takes a room by name or by UUID, as told or from the environment', async () => {
    const roomsOf = async (options: DaemonOptions, env: Record<string, string> = {}): Promise<unknown> => {
      const daemon = await resolve(options, machine(undefined, env));
      await daemon.close();
      return daemon.rooms;
    };
    const lab = { name: 'lab', channel: channelOf('local:host1:jane', 'lab') };
    expect(await roomsOf({ airc: 'embedded', room: ' #Lab' })).toEqual([lab]);
    expect(await roomsOf({ airc: 'embedded', room: CHANNEL.toUpperCase() })).toEqual([
      { name: CHANNEL, channel: CHANNEL },
    ]);
    expect(await roomsOf({ airc: 'embedded' }, { AIRC_DEFAULT_ROOM_NAME: 'lab' })).toEqual([lab]);
    const env = { AIRC_DEFAULT_ROOM_NAME: 'lab', AIRC_DEFAULT_ROOM_CHANNEL: CHANNEL };
    expect(await roomsOf({ airc: 'embedded' }, env)).toEqual([{ name: 'lab', channel: CHANNEL }]);
  });

  it.each([
    ['a name that is none', { airc: 'embedded', room: 'two words' }, {}],
    ['a channel that is no UUID', { airc: 'embedded' }, { AIRC_DEFAULT_ROOM_CHANNEL: 'general' }],
  ])('refuses %s', async (_what, options, env) => {
    await expect(resolve(options, machine(undefined, env))).rejects.toMatchObject({ code: 'RoomUnresolved' });
  });

  it('refuses a second one in the same home', async () => {
    await resolve({ airc: 'embedded' }, machine());
    await expect(resolve({ airc: 'embedded' }, machine())).rejects.toMatchObject({
      code: 'DaemonStartFailed',
    });
  });
});

describe('with airc installed', () => {
  const socketPath = (): string => join(folder, 'installed.sock');
  const roomText = `room:    general\nwire:    /x/wires/general\nchannel: ${CHANNEL}\n`;

  it('uses its daemon, in the room of the person, and asks from their home folder', async () => {
    await runDaemon(socketPath());
    const system = machine((args) => ok(args === 'room' ? roomText : `${socketPath()}\n`));
    const daemon = await resolve({ airc: 'auto' }, system);
    expect(daemon).toMatchObject({
      kind: 'airc',
      socketPath: socketPath(),
      reason: 'installed and running',
      rooms: [{ name: 'general', channel: CHANNEL }],
    });
    await daemon.connection.ping();
    expect([...system.cwds]).toEqual([folder]);
    expect(system.ran).toEqual(['ipc-endpoint', 'room']);
  });

  it('has a stopped one started by its own command line', async () => {
    const system = machine(async (args) => {
      if (args.startsWith('inbox')) await runDaemon(socketPath());
      return ok(args === 'room' ? roomText : socketPath());
    });
    const daemon = await resolve({ airc: 'auto' }, system);
    expect(daemon.reason).toContain('started');
    await daemon.connection.ping();
    expect(system.ran).toContain('inbox --json --limit 1');
  });

  it('says so when it does not start', async () => {
    const failing = machine((args) =>
      args === 'ipc-endpoint' ? ok(socketPath()) : { code: 1, stdout: '', stderr: 'no space left' },
    );
    await expect(resolve({ airc: 'auto' }, failing)).rejects.toMatchObject({
      code: 'DaemonStartFailed',
      message: expect.stringContaining('no space left'),
    });
    const pretending = machine((args) => ok(args === 'ipc-endpoint' ? socketPath() : '{}'));
    await expect(resolve({ airc: 'auto' }, pretending)).rejects.toMatchObject({ code: 'DaemonStartFailed' });
  });

  it('enters a room that is named, and leaves the default as it was', async () => {
    await runDaemon(socketPath());
    let current = 'general';
    const system = machine((args) => {
      if (!args.startsWith('room')) return ok(socketPath());
      const name = args.slice('room '.length);
      if (name !== '') current = name;
      return ok(
        `${name === '' ? '' : 'switched '}room: ${current}\n  wire: /x\n  channel: ${current === 'lab' ? OTHER_CHANNEL : CHANNEL}\n`,
      );
    });
    const { rooms } = await resolve({ airc: 'auto', room: 'Lab' }, system);
    expect(rooms).toEqual([{ name: 'lab', channel: OTHER_CHANNEL }]);
    expect(current).toBe('general');
  });

  it('cannot tell the room', async () => {
    await runDaemon(socketPath());
    const system = machine((args) =>
      args === 'ipc-endpoint' ? ok(socketPath()) : ok('airc 9.9: new output'),
    );
    await expect(resolve({ airc: 'auto' }, system)).rejects.toMatchObject({ code: 'RoomUnresolved' });
  });

  it.each([4, 6, undefined])('refuses a daemon of version %s', async (version) => {
    await answering(socketPath(), {
      kind: 'status',
      peerId: CHANNEL,
      uptimeSeconds: 1,
      ...(version === undefined ? {} : { ipcProtocolVersion: version }),
      connectedLanPeers: 0,
    });
    const system = machine(() => ok(socketPath()));
    await expect(resolve({ airc: 'auto' }, system)).rejects.toMatchObject({ code: 'DaemonVersionMismatch' });
  });

  it('is passed over with --airc embedded', async () => {
    const system = machine(() => ok(socketPath()));
    expect((await resolve({ airc: 'embedded' }, system)).kind).toBe('embedded');
    expect(system.ran).toEqual([]);
  });
});

describe('a daemon that is named', () => {
  it('by --airc or AIRC_SOCKET is used', async () => {
    const path = join(folder, 'named.sock');
    await runDaemon(path);
    const told = await resolve({ airc: path, room: CHANNEL }, machine());
    expect(told).toMatchObject({ kind: 'airc', socketPath: path, reason: 'named with --airc' });
    const env = { AIRC_SOCKET: path };
    expect(await resolve({ airc: 'auto', room: CHANNEL }, machine(undefined, env))).toMatchObject({
      socketPath: path,
      reason: 'named by AIRC_SOCKET',
    });
  });

  it('and is not there, is not replaced by another', async () => {
    const path = join(folder, 'nobody.sock');
    await expect(resolve({ airc: path }, machine())).rejects.toMatchObject({ code: 'DaemonUnreachable' });
    await expect(resolve({ airc: 'auto' }, machine(undefined, { AIRC_SOCKET: path }))).rejects.toMatchObject({
      code: 'DaemonUnreachable',
    });
  });

  it('and does not answer, is unreachable', async () => {
    const path = join(folder, 'silent.sock');
    const server = createServer().listen(path);
    cleanUp.push(() => server.close());
    await expect(resolve({ airc: path }, machine())).rejects.toMatchObject({ code: 'DaemonUnreachable' });
  });

  it('has no names without airc: a guess would be a room where nobody is', async () => {
    const path = join(folder, 'named.sock');
    await runDaemon(path);
    await expect(resolve({ airc: path, room: 'general' }, machine())).rejects.toMatchObject({
      code: 'RoomUnresolved',
    });
  });
});

describe.skipIf(process.platform === 'win32')('a real program on the path', () => {
  const path = process.env['PATH'];
  afterEach(() => {
    process.env['PATH'] = path;
  });

  it('is run in the home of the person, without a shell', async () => {
    const socketPath = join(folder, 'installed.sock');
    await runDaemon(socketPath);
    const program = join(folder, 'airc');
    const script = `#!${process.execPath}
require('node:fs').appendFileSync(${JSON.stringify(join(folder, 'calls'))}, process.cwd() + ' ' + process.argv.slice(2).join(' ') + '\\n');
console.log(process.argv[2] === 'room' ? 'room: general\\nwire: /x\\nchannel: ${CHANNEL}' : ${JSON.stringify(socketPath)});`;
    await writeFile(program, script);
    await chmod(program, 0o755);
    process.env['PATH'] = `${folder}${delimiter}${path ?? ''}`;
    const daemon = await resolve({ airc: 'auto' }, { ...nodeSystem, env: {}, personHome: folder });
    expect(daemon).toMatchObject({ kind: 'airc', socketPath, rooms: [{ channel: CHANNEL }] });
    expect(await readFile(join(folder, 'calls'), 'utf8')).toBe(`${folder} ipc-endpoint\n${folder} room\n`);
  });

  it('that is not there is told from one that fails', async () => {
    const signal = new AbortController().signal;
    const options = { cwd: folder, withinMs: 10_000, signal };
    expect(await nodeSystem.run('no-such-program-here', [], options)).toBeUndefined();
    const nowhere = { ...options, cwd: join(folder, 'no-such-folder') };
    await expect(nodeSystem.run(process.execPath, ['-v'], nowhere)).rejects.toMatchObject({
      code: 'HomeUnusable',
    });
    expect(await nodeSystem.run(process.execPath, ['-e', 'process.exit(3)'], options)).toMatchObject({
      code: 3,
    });
  });
});
