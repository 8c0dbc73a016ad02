import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { systemRandom } from '../../shared/random.ts';
import { MAX_SESSIONS } from './session-file.ts';
import { openSessionStore, type SessionStore } from './session-store.ts';

let home: string;
let file: string;
let nowMs = 1_000;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'persona-node-sessions-'));
  file = join(home, 'sessions.json');
});
afterEach(() => rm(home, { recursive: true, force: true }));

function open(path = file): Promise<SessionStore> {
  const clock = { ...systemClock, nowMs: () => nowMs };
  return openSessionStore({ file: path, clock, random: systemRandom, log: silentLogger });
}
const key = (seed: number): Uint8Array => new Uint8Array(32).fill(seed);

describe('SessionStore', () => {
  it('keeps sessions over a restart, in a file for its owner alone', async () => {
    const store = await open();
    const session = await store.add(key(1), 'Chrome on Linux');
    nowMs += 500;
    store.seen(session.id);
    await store.settled();
    expect((await open()).list()).toEqual([{ ...session, lastSeenAtMs: nowMs }]);
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(home)).toEqual(['sessions.json']);
  });

  it('keeps one session for one key', async () => {
    const store = await open();
    const first = await store.add(key(1), 'a');
    expect(await store.add(key(1), 'b')).toEqual(first);
    expect(store.list()).toHaveLength(1);
  });

  it('forgets a revoked session and says so', async () => {
    const store = await open();
    const { id } = await store.add(key(1), 'a');
    const told: string[] = [];
    const stop = store.onRevoked((sessionId) => told.push(sessionId));
    expect(await store.revoke(id)).toBe(true);
    expect(await store.revoke(id)).toBe(false);
    stop();
    expect(told).toEqual([id]);
    expect((await open()).list()).toEqual([]);
  });

  it('is bounded: the one seen longest ago gives way', async () => {
    const store = await open();
    for (let seed = 0; seed < MAX_SESSIONS; seed += 1) {
      nowMs += 1;
      await store.add(key(seed), 'a');
    }
    const [first, second] = store.list();
    nowMs += 1;
    store.seen(first!.id);
    await store.add(key(200), 'new');
    expect(store.list()).toHaveLength(MAX_SESSIONS);
    expect(store.find(first!.id)).toBeDefined();
    expect(store.find(second!.id)).toBeUndefined();
    await store.settled();
    expect((await open()).list()).toHaveLength(MAX_SESSIONS);
  });

  it('writes what holds last, however many changes come at once', async () => {
    const store = await open();
    await Promise.all(Array.from({ length: 10 }, (_, seed) => store.add(key(seed), `browser ${seed}`)));
    expect((await open()).list().map((session) => session.label)).toEqual(
      Array.from({ length: 10 }, (_, seed) => `browser ${seed}`),
    );
  });

  it('takes control characters out of a label: it is shown in a terminal', async () => {
    const store = await open();
    const { label } = await store.add(key(1), ' Chrome\u001b[2J\u202e \n');
    expect(label).toBe('Chrome[2J');
  });

  it.each([
    ['StoreTooNew', '{"version":2,"sessions":{}}'],
    ['HomeUnusable', '{"version":1,"sessions":[{}]}'],
    ['HomeUnusable', '{"version":1,"sess'],
  ])('refuses with %s and leaves the file alone: %s', async (code, text) => {
    await writeFile(file, text);
    await expect(open()).rejects.toMatchObject({ code });
    expect(await readFile(file, 'utf8')).toBe(text);
  });

  it('registers nothing when the disk refuses', async () => {
    const store = await open(join(home, 'no-such-folder', 'sessions.json'));
    await expect(store.add(key(1), 'a')).rejects.toMatchObject({ code: 'HomeUnusable' });
    expect(store.list()).toEqual([]);
  });
});
