import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MemoryBundleStore } from '../../../shared/testing/memory-bundle-store.ts';
import { MemoryPartStore } from '../../../shared/testing/memory-part-store.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import { CHUNK_BYTES } from './chunks.ts';
import { DownloadService, RESERVE_BYTES } from './download-service.ts';
import type { DownloadState } from './download-states.ts';

const FILE = Uint8Array.from({ length: 10 * CHUNK_BYTES + 77 }, (_none, at) => (at * 2_654_435_761) >>> 13);
const SHA = createHash('sha256').update(FILE).digest('hex');
const ADDRESS = 'https://models.example/big.gguf';

interface Host {
  /** Answers this request in the place of the good host. */
  odd?:
    ((request: { method: string; start: number; end: number }) => Response | Error | undefined) | undefined;
  /** ETag; hosts that expose none are common. */
  etag?: string | undefined;
  readonly asked: string[];
  sentBytes: number;
}

function stage() {
  const clock = new VirtualClock();
  const store = new MemoryPartStore();
  const host: Host = { asked: [], sentBytes: 0, etag: '"one"' };
  const states: (readonly DownloadState[])[] = [];
  const fetchBytes = (_url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.get('range') ?? '');
    const { method = 'GET' } = init;
    const [start, end] = [Number(range?.[1] ?? 0), Number(range?.[2] ?? FILE.length - 1) + 1];
    host.asked.push(`${method} ${start}-${end}`);
    if (init.signal?.aborted) return Promise.reject(new DOMException('', 'AbortError'));
    const odd = host.odd?.({ method, start, end });
    if (odd instanceof Error) return Promise.reject(odd);
    if (odd) return Promise.resolve(odd);
    host.sentBytes += method === 'HEAD' ? 0 : end - start;
    return Promise.resolve(
      new Response(method === 'HEAD' ? null : FILE.slice(start, end), {
        status: range ? 206 : 200,
        headers: {
          'content-length': String(end - start),
          ...(range && { 'content-range': `bytes ${start}-${end - 1}/${FILE.length}` }),
          ...(host.etag !== undefined && { etag: host.etag }),
        },
      }),
    );
  };
  const service = (): DownloadService =>
    new DownloadService({
      store,
      bundles: new MemoryBundleStore(),
      fetchBytes,
      clock,
      onChange: (told) => states.push(told),
    });
  return { clock, store, host, states, service };
}

/** Compared as a whole: the matchers of the runner take seconds for a megabyte. */
function isFinished({ finished }: MemoryPartStore): boolean {
  const bytes = finished.get(SHA);
  return bytes !== undefined && Buffer.compare(bytes, FILE) === 0;
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('the downloads of this browser', () => {
  it('puts the verified file in place, and tells its numbers', async () => {
    const { service, store, states, host } = stage();
    const finished = await service().start(ADDRESS);
    expect(finished).toEqual({ name: 'big.gguf', sizeBytes: FILE.length, sha256: SHA, verified: 'none' });
    expect(isFinished(store)).toBe(true);
    expect(host.sentBytes).toBe(FILE.length);
    expect(states.flat().some(({ phase }) => phase === 'verifying')).toBe(true);
    expect(states.at(-1)).toEqual([]);
  });

  it('goes on after a pause, and after its tab was gone, with nothing fetched twice', async () => {
    const { service, store, host, clock } = stage();
    // The host stops in the middle until the person pauses.
    host.odd = ({ method, start }) =>
      method === 'GET' ? new Response(FILE.slice(start, 3 * CHUNK_BYTES), { status: 206 }) : undefined;
    const first = service();
    const started = first.start(ADDRESS);
    const outcome = expect(started).rejects.toMatchObject({ code: 'Aborted' });
    for (let wait = 0; wait < 20; wait += 1) await soon();
    const [id = ''] = store.parts.keys();
    await first.pause(id);
    await outcome;
    await clock.advance(60_000);
    host.odd = undefined;
    host.sentBytes = 0;
    const second = service();
    await second.restore();
    await second.resume(id);
    expect(host.sentBytes).toBe(FILE.length - 3 * CHUNK_BYTES);
    expect(isFinished(store)).toBe(true);
  });

  it('fetches one chunk again that the disk has changed, and no other', async () => {
    const { service, store, host } = stage();
    host.odd = ({ start, method }) =>
      method === 'GET' && start === 0 && host.asked.length < 3
        ? new Response('', { status: 404 })
        : undefined;
    const downloads = service();
    await expect(downloads.start(ADDRESS)).rejects.toMatchObject({ code: 'DownloadRefused' });
    host.odd = undefined;
    const [[id = '', part] = []] = store.parts;
    // Whole but for its last chunk; then one byte of another flips.
    const all = await store.open(id, part?.manifest as never);
    for (let index = 0; index < all.chunks.length - 1; index += 1) {
      const bytes = FILE.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
      all.write(index, bytes, createHash('sha256').update(bytes).digest('hex'));
    }
    all.close();
    if (part) part.bytes[3 * CHUNK_BYTES + 5] = (part.bytes[3 * CHUNK_BYTES + 5] ?? 0) ^ 1;
    host.sentBytes = 0;
    await downloads.resume(id);
    expect(host.sentBytes).toBe(77 + CHUNK_BYTES);
    expect(isFinished(store)).toBe(true);
  });

  it('mends a finished model chunk by chunk, and says of one that came otherwise that it cannot', async () => {
    const { service, store, host } = stage();
    const downloads = service();
    await downloads.start(ADDRESS);
    host.sentBytes = 0;
    expect(await downloads.check(SHA)).toBe(0);
    expect(host.sentBytes).toBe(0);
    const bytes = store.finished.get(SHA);
    if (bytes) bytes[4 * CHUNK_BYTES] = (bytes[4 * CHUNK_BYTES] ?? 0) ^ 1;
    expect(await downloads.check(SHA)).toBe(1);
    expect(host.sentBytes).toBe(CHUNK_BYTES);
    expect(isFinished(store)).toBe(true);
    await expect(downloads.check('of a dropped file')).rejects.toMatchObject({ code: 'ModelNotFound' });
  });

  it('makes a download again of a model that stays damaged, and a model of that when it is resumed', async () => {
    const { service, store, host, states } = stage();
    const downloads = service();
    await downloads.start(ADDRESS);
    const spoil = (): void => {
      const bytes = store.finished.get(SHA);
      if (bytes) bytes[4 * CHUNK_BYTES] = (bytes[4 * CHUNK_BYTES] ?? 0) ^ 1;
    };
    spoil();
    host.odd = () => new Response('', { status: 404 });
    await expect(downloads.check(SHA)).rejects.toMatchObject({ code: 'DownloadRefused' });
    expect(store.finished.size).toBe(0);
    expect(states.at(-1)).toMatchObject([{ phase: 'paused', error: { code: 'DownloadRefused' } }]);
    host.odd = undefined;
    const [id = ''] = store.parts.keys();
    await downloads.resume(id);
    expect(isFinished(store)).toBe(true);
    // A host that gives other bytes now, and has no hash that would show it: nothing of the mixture is kept.
    spoil();
    host.odd = ({ start, end }) =>
      new Response(new Uint8Array(end - start), {
        status: 206,
        headers: { 'content-range': `bytes ${start}-${end - 1}/${FILE.length}`, etag: '"one"' },
      });
    await expect(downloads.check(SHA)).rejects.toMatchObject({ code: 'ModelTruncated' });
    expect([store.finished.size, store.parts.size]).toEqual([0, 0]);
    expect(states.at(-1)).toMatchObject([{ phase: 'paused', doneBytes: 0 }]);
  });

  it.each([
    [
      'a web page',
      () => new Response('<p>', { headers: { 'content-type': 'text/html' } }),
      'DownloadRefused',
    ],
    ['no such file', () => new Response('', { status: 404 }), 'DownloadRefused'],
    ['a wish for a password', () => new Response('', { status: 401 }), 'DownloadRefused'],
    ['a shorter file', () => new Response('', { status: 416 }), 'DownloadChanged'],
    [
      'another total',
      () => new Response('x', { status: 206, headers: { 'content-range': 'bytes 0-0/9' } }),
      'DownloadChanged',
    ],
    ['a newer file', () => new Response('x', { status: 206, headers: { etag: '"two"' } }), 'DownloadChanged'],
    ['errors of its own', () => new Response('', { status: 500 }), 'DownloadBusy'],
    ['nothing', () => new TypeError('Failed to fetch'), 'DownloadOffline'],
    ['half of a part', () => new Response(FILE.slice(0, 9), { status: 206 }), 'DownloadOffline'],
  ])('names a host that sends %s, and keeps what it has', async (_what, answer, code) => {
    const { service, store, host, states, clock } = stage();
    const downloads = service();
    const started = downloads.start(ADDRESS);
    host.odd = ({ method }) => (method === 'GET' ? answer() : undefined);
    const outcome = expect(started).rejects.toMatchObject({ code });
    for (let wait = 0; wait < 20; wait += 1) {
      await soon();
      await clock.advance(60_000);
    }
    await outcome;
    expect(store.finished.size).toBe(0);
    expect(states.at(-1)).toMatchObject([{ phase: 'paused', error: { code } }]);
    host.odd = undefined;
    const [id = ''] = store.parts.keys();
    await downloads.resume(id);
    expect(isFinished(store)).toBe(true);
  });

  it('tries again by itself where a line breaks, from the chunk where it broke', async () => {
    const { service, clock, host } = stage();
    let broken = 0;
    host.odd = ({ method, start, end }) => {
      if (method !== 'GET' || broken >= 2) return undefined;
      broken += 1;
      return new Response(FILE.slice(start, Math.min(end, start + 2 * CHUNK_BYTES + 5)), { status: 206 });
    };
    const started = service().start(ADDRESS);
    for (let wait = 0; wait < 20; wait += 1) {
      await soon();
      await clock.advance(2_000);
    }
    await started;
    expect(host.asked.slice(1)).toEqual([
      `GET 0-${FILE.length}`,
      `GET ${2 * CHUNK_BYTES}-${FILE.length}`,
      `GET ${4 * CHUNK_BYTES}-${FILE.length}`,
    ]);
  });

  it('asks for nothing where the disk has no room with the reserve', async () => {
    const { service, store, host } = stage();
    store.free = FILE.length + RESERVE_BYTES - 1;
    await expect(service().start(ADDRESS)).rejects.toMatchObject({ code: 'StorageFailed' });
    expect(host.asked).toEqual([`HEAD 0-${FILE.length}`]);
  });

  it('names a host that cannot send parts, where a part is wanted', async () => {
    const { service, store, host } = stage();
    const downloads = service();
    host.odd = ({ method }) => (method === 'GET' ? new Response('', { status: 404 }) : undefined);
    await expect(downloads.start(ADDRESS)).rejects.toThrow();
    const [[id = '', part] = []] = store.parts;
    const first = FILE.slice(0, CHUNK_BYTES);
    if (part) part.chunks[0] = createHash('sha256').update(first).digest('hex');
    host.odd = ({ method }) => (method === 'GET' ? new Response(FILE) : undefined);
    await expect(downloads.resume(id)).rejects.toMatchObject({ code: 'DownloadRefused' });
  });

  it('stops at a full disk, and goes on when there is room', async () => {
    const { service, store } = stage();
    const downloads = service();
    store.isFull = true;
    await expect(downloads.start(ADDRESS)).rejects.toMatchObject({ code: 'StorageFailed' });
    store.isFull = false;
    const [id = ''] = store.parts.keys();
    await downloads.resume(id);
    expect(isFinished(store)).toBe(true);
  });

  it('refuses a second run of the same download, and one that another tab holds', async () => {
    const { service, store } = stage();
    const downloads = service();
    const started = downloads.start(ADDRESS);
    await soon();
    await expect(Promise.all([started, downloads.start(ADDRESS)])).rejects.toMatchObject({
      code: 'DownloadElsewhere',
    });
    await started;
    const other = service();
    const twice = [other.start(ADDRESS), service().start(ADDRESS)];
    await Promise.allSettled(twice);
    expect(store.finished.size).toBe(1);
  });

  it('deletes what has arrived, also while it arrives', async () => {
    const { service, store, states } = stage();
    const downloads = service();
    const started = downloads.start(ADDRESS).catch(() => undefined);
    await soon();
    const [id = ''] = store.parts.keys();
    await downloads.remove(id);
    await started;
    expect(store.parts.size).toBe(0);
    expect(states.at(-1)).toEqual([]);
  });
});
