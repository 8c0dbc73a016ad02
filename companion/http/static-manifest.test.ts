import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readStaticManifest } from './static-manifest.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'persona-node-static-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('readStaticManifest', () => {
  it('holds exactly the plain files, under their paths', async () => {
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), 'page');
    await writeFile(join(folder, 'assets', 'engine-a1.wasm'), 'wasm');
    if (process.platform !== 'win32') await symlink('/etc/hostname', join(folder, 'link.txt'));
    const manifest = await readStaticManifest(folder);
    expect([...manifest.keys()].toSorted()).toEqual(['/', '/assets/engine-a1.wasm', '/index.html']);
    expect(manifest.get('/assets/engine-a1.wasm')?.contentType).toBe('application/wasm');
    expect(manifest.get('/')?.etag).not.toBe(manifest.get('/assets/engine-a1.wasm')?.etag);
  });

  it('names a build that is missing or has no page', async () => {
    await expect(readStaticManifest(folder)).rejects.toMatchObject({ code: 'BuildMissing' });
    await expect(readStaticManifest(join(folder, 'none'))).rejects.toMatchObject({ code: 'BuildMissing' });
  });
});
