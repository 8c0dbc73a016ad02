import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { makeHome, runCommand, startCompanionProcess } from '../run/companion-process.ts';

test.describe('the command line', () => {
  let home: string;
  let remove: () => Promise<void>;
  test.beforeEach(async () => {
    ({ home, remove } = await makeHome());
  });
  test.afterEach(() => remove());

  test('starts, says where it is, makes links, and ends on Ctrl+C', async () => {
    const companion = await startCompanionProcess(home);
    const status = await companion.status();
    expect(status).toMatchObject({
      origin: companion.origin,
      home,
      daemon: { kind: 'embedded', state: 'up' },
      sessions: [],
    });
    expect(status.rooms[0]?.name).toBe('general');
    const again = await companion.pair();
    expect(again.startsWith(`${companion.origin}/#pair=`)).toBe(true);
    expect(again).not.toBe(companion.link);
    expect((await fetch(companion.origin)).status).toBe(200);
    expect(await companion.stop()).toBe(0);
    const log = await readFile(join(home, 'logs', 'companion.log'), 'utf8');
    for (const link of [companion.link, again]) expect(log).not.toContain(link.split('#pair=')[1]);
    expect((await runCommand(['status', '--home', home])).stderr).toContain('CompanionNotRunning');
  });

  test('refuses a second companion, and takes the home over from one that was killed', async () => {
    const first = await startCompanionProcess(home);
    await expect(startCompanionProcess(home)).rejects.toThrow(/CompanionAlreadyRunning: Process \d+/);
    await first.kill();
    const second = await startCompanionProcess(home);
    expect((await second.status()).origin).toBe(second.origin);
    await second.stop();
  });

  test('keeps the room of the built-in daemon over a restart', async () => {
    const first = await startCompanionProcess(home);
    const before = await first.status();
    await first.stop();
    const second = await startCompanionProcess(home);
    const after = await second.status();
    await second.stop();
    expect({ rooms: after.rooms, daemon: after.daemon }).toEqual({
      rooms: before.rooms,
      daemon: before.daemon,
    });
  });

  test.describe('names what is wrong and the next step', () => {
    for (const [args, code] of [
      [['--port', '99999'], 'ArgumentInvalid'],
      [['--model', 'no-such-file.gguf'], 'ModelNotFound'],
      [['--airc', 'no-such.sock'], 'DaemonUnreachable'],
      [['--dance'], 'ArgumentInvalid'],
      // No machine has a build for the GPUs of another system, and the CPU is never taken in its place.
      [['--llama-gpu', process.platform === 'darwin' ? 'cuda' : 'metal'], 'GpuUnavailable'],
    ] as const) {
      test(`${args.join(' ')} as ${code}`, async () => {
        await expect(startCompanionProcess(home, args)).rejects.toThrow(
          new RegExp(String.raw`${code}: .*\n(  cause: .*\n)*  next:  \S`),
        );
      });
    }
  });
});
