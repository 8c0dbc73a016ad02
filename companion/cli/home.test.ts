import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../shared/random.ts';
import { openClaimPins } from './claims-file.ts';
import { openHome } from './home.ts';
import { lockHome } from './home-lock.ts';
import { countStart } from './start-count.ts';

const PEER = 'a10c2a52-6c0c-4c89-8d8b-3a3b6c1f0e0a';
const onPosix = it.skipIf(process.platform === 'win32');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'persona-node-home-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('openHome', () => {
  onPosix('makes folders for the owner alone', async () => {
    const home = await openHome(join(folder, 'a', 'b'));
    for (const path of [home.path, home.runDir, home.logDir]) expect(await modeOf(path)).toBe(0o700);
  });

  onPosix('refuses a folder that others may write into', async () => {
    await chmod(folder, 0o777);
    await expect(openHome(folder)).rejects.toMatchObject({ code: 'HomeUnusable' });
  });

  onPosix('refuses a run folder that is a link or open to others', async () => {
    await mkdir(join(folder, 'elsewhere'), { mode: 0o700 });
    await symlink(join(folder, 'elsewhere'), join(folder, 'run'));
    await expect(openHome(folder)).rejects.toMatchObject({ code: 'HomeUnusable' });
    await rm(join(folder, 'run'));
    await mkdir(join(folder, 'run'), { mode: 0o755 });
    await expect(openHome(folder)).rejects.toMatchObject({ code: 'HomeUnusable' });
  });

  it('refuses what is no folder', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(openHome(join(folder, 'file'))).rejects.toMatchObject({ code: 'HomeUnusable' });
  });
});

describe('lockHome', () => {
  it('is held by one, and given back', async () => {
    const unlock = await lockHome(folder);
    await expect(lockHome(folder)).rejects.toMatchObject({ code: 'CompanionAlreadyRunning' });
    unlock();
    (await lockHome(folder))();
  });

  it('is free again after its holder was killed', async () => {
    const libsql = createRequire(import.meta.url).resolve('libsql');
    const holder = spawn(
      process.execPath,
      [
        '-e',
        `const db = new (require(${JSON.stringify(libsql)}))(process.argv[1], { timeout: 0 });
         db.exec('BEGIN EXCLUSIVE'); console.log('held'); setInterval(() => {}, 1000);`,
        join(folder, 'lock.db'),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(holder.stdout, 'data');
    await expect(lockHome(folder)).rejects.toMatchObject({ code: 'CompanionAlreadyRunning' });
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    (await lockHome(folder))();
  });

  it('names a folder it cannot lock', async () => {
    await expect(lockHome(join(folder, 'no-such-folder'))).rejects.toMatchObject({ code: 'HomeUnusable' });
  });
});

describe('what is kept', () => {
  it('counts starts', async () => {
    const file = join(folder, 'starts.json');
    expect([await countStart(file, systemRandom), await countStart(file, systemRandom)]).toEqual([1, 2]);
  });

  onPosix('keeps the pins over a restart, for the owner alone', async () => {
    const file = join(folder, 'claims.json');
    const key = 'a'.repeat(43);
    await (await openClaimPins(file, systemRandom)).ensure(PEER, key);
    expect(await modeOf(file)).toBe(0o600);
    const pins = await openClaimPins(file, systemRandom);
    await pins.ensure(PEER, key);
    await expect(pins.ensure(PEER, 'b'.repeat(43))).rejects.toMatchObject({ code: 'ClaimInvalid' });
  });

  it.each([
    ['HomeUnusable', '{"version":1,"claims":[{"peerId":"x"}],"starts":-1}'],
    ['HomeUnusable', '{"version":1,"cla'],
    ['HomeUnusable', '{"version":0,"claims":[],"starts":1}'],
    ['StoreTooNew', '{"version":2,"claims":{},"starts":{}}'],
  ])('refuses with %s and leaves the file alone: %s', async (code, text) => {
    const file = join(folder, 'file.json');
    await writeFile(file, text);
    await expect(openClaimPins(file, systemRandom)).rejects.toMatchObject({ code });
    await expect(countStart(file, systemRandom)).rejects.toMatchObject({ code });
    expect(await readFile(file, 'utf8')).toBe(text);
  });
});
