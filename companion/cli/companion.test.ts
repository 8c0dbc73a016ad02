import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomLora } from '../../e2e/models/random-lora.ts';
import { systemClock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { systemRandom } from '../../shared/random.ts';
import { MemoryDaemon } from '../../shared/testing/memory-daemon.ts';
import { ROOM } from '../../shared/testing/relay-world.ts';
import { SeededRandom } from '../../shared/testing/seeded-random.ts';
import { createAdapterShelf } from '../llama/adapter-shelf.ts';
import type { CompanionParts } from './companion.ts';
import { controlPathOf } from './control-path.ts';
import { runProgram } from './run.ts';

/** A file must not steer the terminal. */
const NAME = ['general.name', { type: 'text', value: 'The\n\u009bPoet' }] as const;

let folder: string;
let parts: CompanionParts;
const running: (() => Promise<number>)[] = [];
let lane = { disposed: 0 };
let daemon = { closed: 0 };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'persona-node-cli-'));
  const staticDir = join(folder, 'web');
  await mkdir(staticDir);
  await writeFile(join(staticDir, 'index.html'), '<!doctype html><title>page</title>');
  lane = { disposed: 0 };
  daemon = { closed: 0 };
  parts = {
    version: '9.9.9',
    staticDir,
    defaultModel: 'none.gguf',
    resolveDaemon: () =>
      Promise.resolve({
        kind: 'embedded',
        socketPath: '/d.sock',
        reason: 'a test',
        connection: new MemoryDaemon(new SeededRandom(1)),
        rooms: [ROOM],
        close: () => {
          daemon.closed += 1;
          return Promise.resolve();
        },
      }),
    modelHost: {
      lookup: () => Promise.resolve([]),
      send: () => Promise.reject(new Error('no gated model expected')),
    },
    openShelf: () =>
      Promise.resolve({
        offers: () => [],
        add: () => {
          throw new Error('no model expected');
        },
        pathOf: () => undefined,
        openUpload: () => 'ticket',
        receiveUpload: () => Promise.reject(new Error('no upload expected')),
      }),
    openAdapters: () => Promise.resolve({ offers: () => [], fileOf: () => undefined }),
    startLane: () =>
      Promise.resolve({
        availability: () => ({ available: false, reason: 'no engine in this test' }),
        open: () => Promise.reject(new AppError('NoLane', 'none')),
        generate: () => {
          throw new AppError('NoLane', 'none');
        },
        countPromptTokens: () => Promise.reject(new AppError('NoLane', 'none')),
        embed: () => Promise.reject(new AppError('NoLane', 'none')),
        hold: () => () => undefined,
        dispose: () => {
          lane.disposed += 1;
          return Promise.resolve();
        },
      }),
  };
});
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
  await rm(folder, { recursive: true, force: true });
});

interface Output {
  readonly out: string[];
  readonly err: string[];
}

function run(args: string, signal = new AbortController().signal): { code: Promise<number> } & Output {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = { say: (text: string) => out.push(text), warn: (text: string) => err.push(text) };
  const code = runProgram(args.split(' '), {
    parts,
    clock: systemClock,
    random: systemRandom,
    terminal,
    cwd: folder,
    signal,
  });
  return { code, out, err };
}

/** Starts and waits for the link. */
async function start(args = ''): Promise<Output & { link: string; stop: () => Promise<number> }> {
  const stopping = new AbortController();
  const { code, out, err } = run(`--home home --port 0 --no-open${args}`, stopping.signal);
  const stop = (): Promise<number> => {
    stopping.abort();
    return code;
  };
  running.push(stop);
  for (;;) {
    const link = out.find((text) => text.startsWith('http://'));
    if (link !== undefined) return { out, err, link, stop };
    const ended = await Promise.race([code, systemClock.sleep(10).then(() => undefined)]);
    if (ended !== undefined) throw new Error(`It ended with ${ended}: ${err.join('\n')}`);
  }
}

const logText = (): Promise<string> => readFile(join(folder, 'home', 'logs', 'companion.log'), 'utf8');

describe('the companion', () => {
  it('prints a link alone on a line, serves the page, and never logs the secret', async () => {
    const { link, out } = await start();
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#pair=[A-Za-z0-9_-]{26,}$/);
    expect(out.join('\n')).toContain(`room    ${ROOM.name} (${ROOM.channel})`);
    expect(out.join('\n')).toContain('built-in: a test');
    const page = await fetch(new URL('/', link));
    expect(await page.text()).toContain('<title>page</title>');
    expect(await logText()).not.toContain(link.split('#pair=')[1]);
    expect(await logText()).toContain('"event":"companion.ready"');
  });

  it('warns that another port is another place', async () => {
    const { err } = await start();
    expect(err.join('\n')).toContain('others live here');
  });

  it('answers status and pair while it runs', async () => {
    const { link } = await start(' --lane gguf');
    const status = run('status --json --home home');
    expect(await status.code).toBe(0);
    expect(JSON.parse(status.out.join('\n'))).toMatchObject({
      origin: new URL(link).origin,
      home: join(folder, 'home'),
      daemon: { kind: 'embedded', socketPath: '/d.sock', state: 'up' },
      rooms: [ROOM],
      sessions: [],
      pid: process.pid,
      version: '9.9.9',
      forcedLane: 'gguf',
      companionLane: { available: false, reason: 'no engine in this test' },
    });
    const text = run('status --home home');
    expect(await text.code).toBe(0);
    expect(text.out.join('\n')).toContain('daemon   embedded (up), /d.sock');
    const pair = run('pair --home home');
    expect(await pair.code).toBe(0);
    expect(pair.out).toHaveLength(1);
    expect(pair.out[0]).toMatch(/#pair=/);
    expect(pair.out[0]).not.toBe(link);
    expect(await logText()).not.toContain(pair.out[0]!.split('#pair=')[1]);
  });

  it('tells nobody the token for gated models', async () => {
    const token = 'hf_TokenTokenToken12';
    await mkdir(join(folder, 'home'), { mode: 0o700 });
    await writeFile(join(folder, 'home', 'gated-models.json'), JSON.stringify({ version: 1, token }));
    const { out, err, stop } = await start();
    const json = run('status --json --home home');
    const text = run('status --home home');
    expect([await json.code, await text.code]).toEqual([0, 0]);
    await stop();
    const told = [out, err, json.out, text.out, await logText()].flat().join('\n');
    expect(told).toContain('companion.ready');
    expect(told).not.toContain('TokenToken');
  });

  it('says that none runs', async () => {
    for (const command of ['status --home home', 'pair --home home']) {
      const { code, err } = run(command);
      expect(await code).toBe(1);
      expect(err.join('\n')).toMatch(/CompanionNotRunning[\s\S]*next: {2}Start it with "npm start"/);
    }
  });

  it('keeps its control socket to the owner', async () => {
    await start();
    const home = join(folder, 'home');
    const { path } = controlPathOf({ path: home, runDir: join(home, 'run') });
    if (process.platform !== 'win32') {
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect((await stat(join(home, 'run'))).mode & 0o777).toBe(0o700);
    }
  });

  it('refuses a second one with the same home, and names the first', async () => {
    const { link } = await start();
    const second = run('--home home --port 0 --no-open');
    expect(await second.code).toBe(1);
    const text = second.err.join('\n');
    expect(text).toContain(`CompanionAlreadyRunning: Process ${process.pid}`);
    expect(text).toContain(new URL(link).origin);
    expect(await logText()).toContain('"code":"CompanionAlreadyRunning"');
    expect(await run('status --home home').code).toBe(0);
  });

  it('refuses a taken port by name, and undoes what it had started', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as AddressInfo;
    const { code, err } = run(`--home home --port ${port} --no-open`);
    expect(await code).toBe(1);
    blocker.close();
    expect(err.join('\n')).toContain(`PortTaken: Port ${port} is in use by`);
    expect(await logText()).toContain('"code":"PortTaken"');
    expect({ lane, daemon }).toEqual({ lane: { disposed: 1 }, daemon: { closed: 1 } });
    await start();
  });

  it('tells which adapters it was given, and ends with the reason for one that is none', async () => {
    const adapter = join(folder, 'poet.gguf');
    const openAdapters: CompanionParts['openAdapters'] = (paths, { clock, tell }) =>
      createAdapterShelf({ paths, clock, tell });
    parts = { ...parts, openAdapters };
    const [poet, other] = [randomLora({ pairs: [NAME] }), randomLora({ seed: 2 })];
    await writeFile(adapter, poet);
    await writeFile(join(folder, 'other.gguf'), other);
    const { out, stop } = await start(' --adapter poet.gguf --adapter other.gguf');
    expect(out.join('\n')).toMatch(/ {2}adapter The {2}Poet\n {2}adapter random adapter 2\n/);
    const status = run('status --json --home home');
    expect(await status.code).toBe(0);
    expect(JSON.parse(status.out.join('\n'))).toMatchObject({
      adapters: [
        { name: 'The \u009bPoet', sizeBytes: poet.length },
        { name: 'random adapter 2', sizeBytes: other.length },
      ],
    });
    const text = run('status --home home');
    await text.code;
    expect(text.out.join('\n')).toContain('adapter  The  Poet');
    await stop();

    await writeFile(adapter, 'no adapter');
    const { code, err } = run('--home home --port 0 --no-open --adapter other.gguf --adapter poet.gguf');
    expect(await code).toBe(1);
    expect(err.join('\n')).toContain(`ModelNotGguf: ${adapter}: The file is not a GGUF`);
    expect(await run('--home home --port 0 --no-open --adapter gone.gguf').code).toBe(1);
    expect(lane.disposed).toBe(1);
  });

  it('tells what the daemon search failed with', async () => {
    parts = {
      ...parts,
      resolveDaemon: () =>
        Promise.reject(new AppError('RoomUnresolved', 'No room.', { cause: new Error('airc says no') })),
    };
    const { code, err } = run('--home home --port 0 --no-open');
    expect(await code).toBe(1);
    expect(err.join('\n')).toMatch(/RoomUnresolved: No room\.\n {2}cause: airc says no\n {2}next: /);
  });

  it('ends in order when it is told to, and can be started again', async () => {
    const { stop, link } = await start();
    expect(await stop()).toBe(0);
    expect({ lane, daemon }).toEqual({ lane: { disposed: 1 }, daemon: { closed: 1 } });
    await expect(fetch(link)).rejects.toThrow();
    const again = await start();
    expect(await run('status --home home').code).toBe(0);
    expect(await again.stop()).toBe(0);
    const starts = JSON.parse(await readFile(join(folder, 'home', 'starts.json'), 'utf8')) as unknown;
    expect(starts).toEqual({ version: 1, starts: 2 });
  });

  it('refuses a command line that is none with another exit code', async () => {
    const { code, err } = run('--prot 1');
    expect(await code).toBe(2);
    expect(err.join('\n')).toContain('ArgumentInvalid');
  });
});

describe('controlPathOf', () => {
  it('takes a short path for a long home, and a pipe on Windows', () => {
    const home = { path: `/${'long/'.repeat(30)}`, runDir: `/${'long/'.repeat(30)}run` };
    const short = controlPathOf(home, 'linux');
    expect(short.path.length).toBeLessThan(100);
    expect(short.ownFolder).toBeDefined();
    expect(controlPathOf(home, 'win32').path).toMatch(/^\\\\\.\\pipe\\persona-node-[0-9a-f]{16}$/);
    expect(controlPathOf({ ...home, path: '/other' }, 'win32')).not.toEqual(controlPathOf(home, 'win32'));
  });
});
