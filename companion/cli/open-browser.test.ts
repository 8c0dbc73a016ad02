import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { systemRandom } from '../../shared/random.ts';
import { commandFor, hasDisplay, openBrowser } from './open-browser.ts';

const LINK = 'http://127.0.0.1:4747/#pair=a-secret-code';

describe('hasDisplay', () => {
  it.each([
    ['linux', {}, false],
    ['linux', { DISPLAY: ':0' }, true],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
    ['linux', { DISPLAY: ':0', SSH_CONNECTION: '1' }, false],
    ['darwin', {}, true],
    ['darwin', { CI: 'true' }, false],
    ['win32', {}, true],
  ] as const)('%s with %j: %s', (platform, env, expected) => {
    expect(hasDisplay(platform, env)).toBe(expected);
  });
});

describe('openBrowser', () => {
  it('knows a program on every platform', () => {
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      expect(commandFor(platform, 'file:///x').at(-1)).toBe('file:///x');
    }
  });

  it.runIf(process.platform === 'linux')('keeps the link off the command line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'persona-node-open-'));
    const opener = join(folder, 'xdg-open');
    await writeFile(opener, `#!/bin/sh\necho "$@" > ${join(folder, 'args')}\n`);
    await chmod(opener, 0o755);
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
    const end = new AbortController();
    const opened = openBrowser(LINK, {
      runDir: folder,
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      signal: end.signal,
    });
    const args = await vi.waitFor(async () => {
      const text = await readFile(join(folder, 'args'), 'utf8');
      expect(text).toMatch(/\n$/);
      return text.trim();
    });
    expect(args).not.toContain('secret');
    const page = fileURLToPath(args);
    expect(await readFile(page, 'utf8')).toContain(LINK);
    expect((await stat(page)).mode & 0o777).toBe(0o600);
    end.abort();
    await opened;
    expect((await readdir(folder)).sort()).toEqual(['args', 'xdg-open']);
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
});
