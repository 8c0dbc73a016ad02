import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { gatedUrl } from '../../shared/bridge/gated.ts';
import { VirtualClock } from '../../shared/testing/virtual-clock.ts';
import { GatedModels, type GatedAnswer } from './gated-models.ts';
import { GatedToken } from './gated-token.ts';
import type { ModelHostDeps } from './model-host.ts';

const url = gatedUrl('/a/b/resolve/main/c.gguf') as URL;

function setUp(send: ModelHostDeps['send'], token: string | undefined = 'hf_0123456789abcdef') {
  const clock = new VirtualClock();
  const models = new GatedModels({
    token: new GatedToken(token, () => Promise.resolve()),
    lookup: () => Promise.resolve([{ address: '93.184.216.34' }]),
    send,
    clock,
  });
  const fetch = (
    use: (answer: GatedAnswer) => Promise<void> = readAll,
    signal = new AbortController().signal,
  ) =>
    models.fetch({ url, method: 'GET' }, signal, use).then(
      () => 'done',
      (error: unknown) => (error as { code: unknown }).code,
    );
  return { clock, fetch };
}

async function readAll({ bytes }: GatedAnswer): Promise<void> {
  for await (const part of bytes) expect(part.length).toBeGreaterThan(0);
}

/** An answer whose body is `body`. */
function answer(body: Readable): IncomingMessage {
  return Object.assign(body, { statusCode: 200, headers: {} }) as unknown as IncomingMessage;
}

/** Ends as a request does that was given up. */
const silent: ModelHostDeps['send'] = ({ signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('aborted'));
    });
  });

describe('GatedModels', () => {
  it('gives up a host that says nothing, and one that stands still', async () => {
    const { clock, fetch } = setUp(silent);
    const mute = fetch();
    await clock.advance(30_000);
    expect(await mute).toBe('DownloadOffline');
    const stuck = setUp(() => Promise.resolve(answer(new Readable({ read: () => undefined }))));
    const standing = stuck.fetch();
    await stuck.clock.advance(60_000);
    expect(await standing).toBe('DownloadOffline');
  });

  it('does not hold the slowness of the page against the host', async () => {
    const { clock, fetch } = setUp(() =>
      Promise.resolve(answer(Readable.from([Buffer.of(1), Buffer.of(2)]))),
    );
    const slow = fetch(async ({ bytes }) => {
      for await (const part of bytes) {
        expect(part.length).toBe(1);
        await clock.sleep(90_000);
      }
    });
    await clock.advance(200_000);
    expect(await slow).toBe('done');
  });

  it('counts nothing as under way that has ended, however it did', async () => {
    let isHostBroken = true;
    const bodies: Readable[] = [];
    const body = (): Readable => {
      bodies.push(Readable.from([]));
      return bodies.at(-1) as Readable;
    };
    const { fetch } = setUp(() =>
      isHostBroken ? Promise.reject(new Error('ECONNRESET')) : Promise.resolve(answer(body())),
    );
    for (let count = 0; count < 20; count += 1) expect(await fetch()).toBe('DownloadOffline');
    isHostBroken = false;
    const failing = (): Promise<void> => Promise.reject(Object.assign(new Error(), { code: 'page' }));
    for (let count = 0; count < 20; count += 1) expect(await fetch(failing)).toBe('page');
    expect(bodies.every(({ destroyed }) => destroyed)).toBe(true);
    expect(await fetch()).toBe('done');
  });

  it('ends with its signal, under the name that this has', async () => {
    const { fetch } = setUp(silent);
    const gone = new AbortController();
    const left = fetch(undefined, gone.signal);
    gone.abort(Object.assign(new Error(), { code: 'left' }));
    expect(await left).toBe('left');
  });

  it('asks nobody without a token', async () => {
    const models = new GatedModels({
      token: new GatedToken(undefined, () => Promise.resolve()),
      lookup: () => expect.fail(),
      send: () => expect.fail(),
      clock: new VirtualClock(),
    });
    const asking = models.fetch({ url, method: 'GET' }, new AbortController().signal, readAll);
    await expect(asking).rejects.toMatchObject({ code: 'ModelGated' });
  });
});
