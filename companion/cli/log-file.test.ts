import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLogFile } from './log-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'persona-node-log-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const line = (event: string) => ({ atMs: 0, level: 'info' as const, event, fields: { a: 1 } });
const unexpected = (error: unknown): void => {
  throw error as Error;
};

describe('openLogFile', () => {
  it('appends one JSON line each, for the owner alone', async () => {
    for (const event of ['one', 'two']) {
      const log = openLogFile(folder, unexpected);
      log.sink(line(event));
      log.close();
    }
    const lines = (await readFile(join(folder, 'companion.log'), 'utf8')).trim().split('\n');
    expect(lines.map((text) => JSON.parse(text) as unknown)).toEqual([
      { a: 1, at: '1970-01-01T00:00:00.000Z', level: 'info', event: 'one' },
      { a: 1, at: '1970-01-01T00:00:00.000Z', level: 'info', event: 'two' },
    ]);
    if (process.platform !== 'win32') {
      expect((await stat(join(folder, 'companion.log'))).mode & 0o777).toBe(0o600);
    }
  });

  it('keeps a bounded number of bounded files, and the newest lines', async () => {
    const log = openLogFile(folder, unexpected, 500);
    for (let i = 0; i < 200; i += 1) log.sink(line(`event ${i}`));
    log.close();
    const names = (await readdir(folder)).sort();
    expect(names).toEqual(['companion.log', 'companion.log.1', 'companion.log.2', 'companion.log.3']);
    for (const name of names) expect((await stat(join(folder, name))).size).toBeLessThan(700);
    expect(await readFile(join(folder, 'companion.log'), 'utf8')).toContain('event 199');
  });

  it('tells once that the disk refuses, and goes on', async () => {
    const failures: unknown[] = [];
    const log = openLogFile(folder, (error) => failures.push(error), 1);
    log.sink(line('one'));
    await rm(folder, { recursive: true });
    log.sink(line('two'));
    log.sink(line('three'));
    expect(failures).toHaveLength(1);
  });
});
