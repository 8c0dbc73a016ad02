import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

// Plain scripts without declarations: their shapes are said here.
const load = async <T>(name: string): Promise<T> => (await import(new URL(name, import.meta.url).href)) as T;
const { whyOutdated } = await load<{ whyOutdated: (root: string) => string | undefined }>('./packages.mjs');
const { ensureBuild } = await load<{ ensureBuild: (root: string) => Promise<void> }>('./build.mjs');

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'persona-node-launch-'));
  // The progress lines are for a person.
  vi.spyOn(console, 'error').mockReturnValue();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(root, { recursive: true, force: true });
});

async function put(path: string, content: unknown): Promise<void> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
}

describe('whyOutdated', () => {
  const lit = { version: '3.0.0' };
  const forMac = { version: '1.0.0', optional: true };
  const lock = {
    packages: { '': { version: '0.1.0' }, 'node_modules/lit': lit, 'node_modules/mac': forMac },
  };

  it('sees that nothing is installed', async () => {
    await put('package-lock.json', lock);
    expect(whyOutdated(root)).toBe('none are there yet');
  });

  it('is content with what the lockfile wants, whatever the file times, without other platforms', async () => {
    await put('node_modules/.package-lock.json', { packages: { 'node_modules/lit': lit } });
    await put('node_modules/lit/package.json', '{}');
    await put('package-lock.json', lock);
    expect(whyOutdated(root)).toBeUndefined();
  });

  it('installs again where the record of the last install is broken', async () => {
    await put('package-lock.json', lock);
    await put('node_modules/.package-lock.json', '{');
    expect(whyOutdated(root)).toContain('cannot be read');
  });

  it('sees another version, a package that is not installed, and one that was deleted', async () => {
    await put('package-lock.json', lock);
    await put('node_modules/.package-lock.json', { packages: { 'node_modules/lit': { version: '2.0.0' } } });
    await put('node_modules/lit/package.json', '{}');
    expect(whyOutdated(root)).toBe('lit is not 3.0.0');
    await put('node_modules/.package-lock.json', { packages: {} });
    expect(whyOutdated(root)).toBe('lit is missing');
    await put('node_modules/.package-lock.json', { packages: { 'node_modules/lit': lit } });
    await rm(join(root, 'node_modules/lit'), { recursive: true });
    expect(whyOutdated(root)).toBe('lit is missing');
  });
});

describe('ensureBuild', () => {
  /** Stands for Vite: counts its runs and makes what the real one makes. */
  const FAKE_VITE = `
    const fs = require('node:fs');
    if (fs.existsSync('broken')) { console.error('syntax error'); process.exit(3); }
    fs.mkdirSync('dist/web', { recursive: true });
    fs.mkdirSync('dist/companion', { recursive: true });
    for (const file of ['web/index.html', 'companion/main.js', 'companion/llama-child.js']) fs.writeFileSync('dist/' + file, '');
    fs.appendFileSync('runs', 'x');`;
  const runs = async (): Promise<number> =>
    (await readFile(join(root, 'runs'), 'utf8').catch(() => '')).length;

  beforeEach(async () => {
    await put('node_modules/vite/bin/vite.js', FAKE_VITE);
    await put('shared/a.ts', '1');
    await put('web/b.ts', '2');
  });

  it('builds once, and again when a source changed, came or went, but not for a test', async () => {
    await ensureBuild(root);
    await ensureBuild(root);
    expect(await runs()).toBe(1);
    await put('shared/a.ts', '3');
    await ensureBuild(root);
    await ensureBuild(root);
    expect(await runs()).toBe(2);
    await put('web/c.ts', '');
    await ensureBuild(root);
    expect(await runs()).toBe(3);
    await rm(join(root, 'web/c.ts'));
    await ensureBuild(root);
    expect(await runs()).toBe(4);
    await put('web/b.test.ts', '');
    await put('shared/testing/fake.ts', '');
    await ensureBuild(root);
    expect(await runs()).toBe(4);
  });

  it('builds when a product is missing', async () => {
    await ensureBuild(root);
    await rm(join(root, 'dist/companion/main.js'));
    await ensureBuild(root);
    expect(await runs()).toBe(2);
  });

  it('fails by name, and does not take a broken build for a whole one', async () => {
    await ensureBuild(root);
    await put('shared/a.ts', 'changed');
    await put('broken', '');
    await expect(ensureBuild(root)).rejects.toThrow('failed (exit code 3)');
    await rm(join(root, 'broken'));
    await ensureBuild(root);
    expect(await runs()).toBe(2);
  });
});

describe('the first look at Node', () => {
  it('refuses an old one in words, before anything newer is parsed', async () => {
    const script = new URL('./node-version.mjs', import.meta.url).href;
    const code = `Object.defineProperty(process, 'versions', { value: { node: '18.20.0' } });
      import(${JSON.stringify(script)}).then((m) => { console.log(m.refuseOldNode()); });`;
    const run = promisify(execFile)(process.execPath, ['-e', code]);
    await expect(run).rejects.toMatchObject({
      code: 1,
      stdout: 'true\n',
      stderr: expect.stringContaining('needs Node 20.19 or newer') as string,
    });
  });
});
