import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../shared/random.ts';
import { openApprovedHosts } from '../cli/hosts-file.ts';
import { ApprovedHosts } from './approved-hosts.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'approved-hosts-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('approved hosts', () => {
  it('are kept over restarts, each once', async () => {
    const file = join(folder, 'hosts.json');
    const hosts = await openApprovedHosts(file, systemRandom);
    await Promise.all(
      ['https://a.example', 'https://b.example', 'https://a.example'].map((host) => hosts.approve(host)),
    );
    expect((await openApprovedHosts(file, systemRandom)).list()).toEqual([
      'https://a.example',
      'https://b.example',
    ]);
  });

  it('are refused as a whole where the file holds what a policy would read as more', async () => {
    const file = join(folder, 'hosts.json');
    const text = JSON.stringify({ version: 1, hosts: ["https://a.example; script-src 'unsafe-inline'"] });
    await writeFile(file, text);
    await expect(openApprovedHosts(file, systemRandom)).rejects.toMatchObject({ code: 'HomeUnusable' });
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('are not approved when the disk refuses, and not without end', async () => {
    const failing = new ApprovedHosts([], () => Promise.reject(new Error('full')));
    await expect(failing.approve('https://a.example')).rejects.toThrow('full');
    expect(failing.list()).toEqual([]);
    const full = new ApprovedHosts(
      Array.from({ length: 64 }, (_none, at) => `https://h${at}.example`),
      () => Promise.resolve(),
    );
    await expect(full.approve('https://one-more.example')).rejects.toMatchObject({ code: 'ArgumentInvalid' });
  });
});
