import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RANDOM_SHAPE, randomModel } from '../../../e2e/models/random-model.ts';
import { splitModel } from '../../../e2e/models/split-model.ts';
import {
  bundleWorld,
  FOLDER,
  giveMlc,
  giveSplit,
  MLC_SIZE,
  SHARD_BYTES,
  SHARDS,
  SPLIT,
  text,
} from '../../../shared/testing/bundle-world.ts';
import { MemoryPartStore } from '../../../shared/testing/memory-part-store.ts';
import { CHUNK_BYTES } from './chunks.ts';

describe('a model of several files', () => {
  it('is one download of one sum, and one model with all of its files', async () => {
    const { host, service, states, stored, store } = bundleWorld();
    giveMlc(host);
    const finished = await service().start('https://models.example/tiny/');
    expect(finished).toMatchObject({ name: 'tiny', sizeBytes: MLC_SIZE, verified: 'none' });
    expect(states.every(({ length }) => length <= 1)).toBe(true);
    expect(new Set(states.flat().map(({ sizeBytes }) => sizeBytes))).toEqual(new Set([MLC_SIZE]));
    expect(Math.max(...states.flat().map(({ doneBytes }) => doneBytes))).toBe(MLC_SIZE);
    expect(states.at(-1)).toEqual([]);
    const [bundle] = await stored.list();
    expect(bundle).toMatchObject({
      id: finished.bundle,
      sha256: finished.sha256,
      fileCount: 6,
      kind: {
        facts: { library: 'tiny-webgpu.wasm', contextTokens: 8_192, needsF16: true },
        needs: { contextTokens: 8_192, cacheBytesPerToken: 16 * 8 * 64 * 2 * 2 },
      },
    });
    const files = await stored.files(bundle?.id ?? '');
    expect(files?.map(({ file }) => file.name)).toEqual([
      'mlc-chat-config.json',
      'tensor-cache.json',
      'tiny-webgpu.wasm',
      'tokenizer.json',
      'params_shard_0.bin',
      'params_shard_1.bin',
    ]);
    const last = new Uint8Array((await files?.at(-1)?.file.arrayBuffer()) ?? new ArrayBuffer());
    expect(Buffer.compare(last, SHARDS[1])).toBe(0);
    // Of files by themselves there is none.
    expect(store.finished.size).toBe(0);
  });

  it('is meant by the address of any of its shards, or of its library', async () => {
    const { host, service, stored } = bundleWorld();
    giveSplit(host);
    const split = await service().start(SPLIT);
    expect(split.name).toBe('big.gguf');
    expect((await stored.files(split.bundle ?? ''))?.map(({ file }) => file.name)).toEqual([
      'big-00001-of-00002.gguf',
      'big-00002-of-00002.gguf',
    ]);
    giveMlc(host);
    // Nothing is listed there.
    host.files.delete(FOLDER);
    await service().start(`${FOLDER}tiny-webgpu.wasm`);
    expect((await stored.list()).map(({ kind }) => kind.of)).toEqual(['split', 'mlc']);
  });

  it('is known by the one file that its shards join to, as everywhere else, and by that alone', async () => {
    const { host, service, states, stored, bundles } = bundleWorld();
    const [first, second] = (await splitModel(randomModel(), 2, 'big')).map(({ bytes }) => bytes);
    giveSplit(host, second);
    host.files.set(SPLIT.replace('00002-of', '00001-of'), first ?? new Uint8Array());
    const { sha256, bundle: id = '' } = await service().start(SPLIT);
    expect(sha256).toBe(createHash('sha256').update(randomModel()).digest('hex'));
    expect(await stored.list()).toMatchObject([{ id, sha256 }]);
    // A tab that is killed before that is known has a download, which fetches nothing any more.
    await bundles.folders.get(id)?.seal(undefined);
    expect(await stored.list()).toEqual([]);
    const later = service();
    await later.restore();
    expect(states.at(-1)).toMatchObject([{ id, phase: 'paused' }]);
    host.sentBytes = 0;
    expect((await later.resume(id)).sha256).toBe(sha256);
    expect(host.sentBytes).toBe(0);
    expect(await stored.list()).toHaveLength(1);
  });

  it('is none where its shards are of two models', async () => {
    const { host, service, states, stored } = bundleWorld();
    const shards = await splitModel(randomModel({ shape: { ...RANDOM_SHAPE, layers: 5 } }), 2, 'big');
    giveSplit(host, shards[1]?.bytes);
    const downloads = service();
    await expect(downloads.start(SPLIT)).rejects.toMatchObject({ code: 'DownloadRefused' });
    expect(await stored.list()).toEqual([]);
    expect(states.at(-1)).toMatchObject([
      { phase: 'paused', doneBytes: 0, error: { code: 'DownloadRefused' } },
    ]);
    // Of the two nobody can say which is the wrong one: both come again.
    host.files.set(SPLIT.replace('00002-of', '00001-of'), shards[0]?.bytes ?? new Uint8Array());
    const second = service();
    await second.remove(states.at(-1)?.[0]?.id ?? '');
    await second.start(SPLIT);
    expect(await stored.list()).toHaveLength(1);
  });

  it('stays what it is where somebody asks for it once more, also without room for another', async () => {
    const { host, service, states, stored, store } = bundleWorld();
    giveMlc(host);
    const downloads = service();
    const finished = await downloads.start('https://models.example/tiny/');
    host.sentBytes = 0;
    store.freeBytes = () => Promise.resolve(0);
    expect(await downloads.start('https://models.example/tiny/')).toEqual(finished);
    expect(await stored.list()).toHaveLength(1);
    expect(states.at(-1)).toEqual([]);
  });

  it('is none where its files were deleted while the last one came', async () => {
    const { host, service, bundles, stored, states } = bundleWorld();
    giveMlc(host);
    host.odd = ({ url, method }) => {
      // The longest is the last to come.
      if (method === 'GET' && url.endsWith('_1.bin'))
        for (const { parts } of bundles.folders.values()) parts.finished.clear();
      return undefined;
    };
    await expect(service().start('https://models.example/tiny/')).rejects.toMatchObject({
      code: 'DownloadBusy',
    });
    expect(await stored.list()).toEqual([]);
    expect(states.at(-1)).toMatchObject([{ phase: 'paused' }]);
    host.odd = undefined;
    await service().start('https://models.example/tiny/');
    expect(await stored.list()).toHaveLength(1);
  });

  it('leaves no row behind where a file of it cannot be opened to be checked', async () => {
    const { host, service, bundles, states } = bundleWorld();
    giveMlc(host);
    const downloads = service();
    const { bundle: id = '', sha256 } = await downloads.start('https://models.example/tiny/');
    const parts = bundles.folders.get(id)?.parts ?? new MemoryPartStore();
    const reopen = parts.reopen.bind(parts);
    let opened = 0;
    parts.reopen = (name) => ((opened += 1) === 2 ? Promise.resolve(undefined) : reopen(name));
    await expect(downloads.check(sha256, id)).rejects.toMatchObject({ code: 'ModelNotFound' });
    expect(states.at(-1)).toEqual([]);
  });

  it('is asked for without what no model has: an endless ETag or address, a size below nothing', async () => {
    const { host, service, stored } = bundleWorld();
    giveMlc(host);
    host.etags.set(`${FOLDER}params_shard_1.bin`, `"${'e'.repeat(300)}"`);
    await service().start('https://models.example/tiny/');
    expect(await stored.list()).toHaveLength(1);
    const sha = '9217f5db79a29953eb74d5343926648285ec7e67';
    const api = 'https://huggingface.co/api/models/o/r';
    host.files.set(`${api}/revision/main`, text({ sha }));
    host.files.set(`${api}/tree/${sha}`, text([{ path: 'a.gguf', size: -5.5 }]));
    const long = `https://models.example/${'a'.repeat(2_100)}.gguf`;
    host.files.set(long, text('a model'));
    await expect(service().start(long)).rejects.toMatchObject({ code: 'DownloadRefused' });
    const asked = service().start('https://huggingface.co/o/r/resolve/main/a.gguf');
    await expect(asked).rejects.toMatchObject({ code: 'DownloadRefused' });
  });

  it('says which address is wanted where it is that of a repository of GGUF files', async () => {
    const { host, service } = bundleWorld();
    const sha = '9217f5db79a29953eb74d5343926648285ec7e67';
    const api = 'https://huggingface.co/api/models/o/r';
    host.files.set(`${api}/revision/main`, text({ sha }));
    host.files.set(`${api}/tree/${sha}`, text([{ path: 'small-q8_0.gguf', size: 5 }]));
    await expect(service().start('https://huggingface.co/o/r')).rejects.toMatchObject({
      message: expect.stringContaining('such as small-q8_0.gguf') as string,
    });
  });

  it('goes on where it was after its tab was gone, and fetches nothing twice', async () => {
    const { host, service, states, stored, clock } = bundleWorld();
    giveMlc(host);
    // The second shard comes for one chunk and a half, and then no more.
    let isCut = false;
    host.odd = ({ url, method }) => {
      if (method !== 'GET' || !url.endsWith('_1.bin')) return undefined;
      const half = Uint8Array.from(SHARDS[1].subarray(0, 1.5 * CHUNK_BYTES));
      const answer = isCut ? new Response('', { status: 404 }) : new Response(half, { status: 206 });
      isCut = true;
      return answer;
    };
    const started = service().start('https://models.example/tiny/');
    const outcome = expect(started).rejects.toMatchObject({ code: 'DownloadRefused' });
    for (let wait = 0; wait < 30; wait += 1) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      await clock.advance(60_000);
    }
    await outcome;
    const later = service();
    await later.restore();
    const arrived = MLC_SIZE - SHARD_BYTES + CHUNK_BYTES;
    expect(states.at(-1)).toMatchObject([
      { name: 'tiny', phase: 'paused', doneBytes: arrived, sizeBytes: MLC_SIZE },
    ]);
    expect(await stored.list()).toEqual([]);
    host.odd = undefined;
    host.sentBytes = 0;
    await later.resume(states.at(-1)?.[0]?.id ?? '');
    expect(host.sentBytes).toBe(SHARD_BYTES - CHUNK_BYTES);
    expect(await stored.list()).toHaveLength(1);
    // And is no download at the next visit.
    await service().restore();
    expect(states.at(-1)).toEqual([]);
  });

  it('takes no newer revision of one file among the others', async () => {
    const { host, service, states, stored } = bundleWorld();
    giveMlc(host);
    host.odd = ({ url, method }) =>
      method === 'GET' && url.endsWith('_1.bin') ? new Response('', { status: 404 }) : undefined;
    await expect(service().start('https://models.example/tiny/')).rejects.toMatchObject({
      code: 'DownloadRefused',
    });
    host.odd = undefined;
    host.etags.set(`${FOLDER}params_shard_1.bin`, '"second"');
    // Also where it is asked for anew: what has arrived is of the revision before.
    const later = service();
    await later.restore();
    for (const work of [
      () => later.resume(states.at(-1)?.[0]?.id ?? ''),
      () => later.start('https://models.example/tiny/'),
    ])
      await expect(work()).rejects.toMatchObject({ code: 'DownloadChanged' });
    expect(await stored.list()).toEqual([]);
    await later.remove(states.at(-1)?.[0]?.id ?? '');
    await later.start('https://models.example/tiny/');
    expect(await stored.list()).toHaveLength(1);
  });

  it('takes none either of a file that it has nothing of yet', async () => {
    const { host, service, states } = bundleWorld();
    giveMlc(host);
    const last = `${FOLDER}params_shard_1.bin`;
    host.odd = ({ url, method }) =>
      method === 'GET' && url.endsWith('.wasm') ? new Response('', { status: 404 }) : undefined;
    const downloads = service();
    await expect(downloads.start('https://models.example/tiny/')).rejects.toThrow();
    expect(host.asked).not.toContain(`GET ${last}`);
    host.odd = undefined;
    host.etags.set(last, '"second"');
    await expect(downloads.start('https://models.example/tiny/')).rejects.toMatchObject({
      code: 'DownloadChanged',
    });
    expect(states.at(-1)).toMatchObject([{ phase: 'paused', error: { code: 'DownloadChanged' } }]);
  });

  it('is of one commit on Hugging Face, with the library that the catalogue knows', async () => {
    const { host, service, bundles } = bundleWorld();
    const sha = '9217f5db79a29953eb74d5343926648285ec7e67';
    const page = 'https://huggingface.co/mlc-ai/Llama-3.2-1B-Instruct-q4f16_1-MLC';
    giveMlc(host, `${page}/resolve/${sha}/`);
    const listed = Array.from(host.files, ([url, { length }]) => ({ url, length }))
      .filter(({ url }) => !/\/$|wasm$/.test(url))
      .map(({ url, length }) => ({ type: 'file', path: url.slice(url.lastIndexOf('/') + 1), size: length }));
    const api = page.replace('huggingface.co/', 'huggingface.co/api/models/');
    host.files.set(`${api}/revision/main`, text({ sha }));
    host.files.set(`${api}/tree/${sha}`, text(listed));
    const library =
      'https://raw.githubusercontent.com/mlc-ai/binary-mlc-llm-libs/main/web-llm-models/v0_2_86/base/Llama-3.2-1B-Instruct-q4f16_1_cs1k-webgpu.wasm';
    host.files.set(library, text('library'));
    await service().start(`${page}/`);
    const [folder] = await bundles.list();
    expect(folder?.plan.kind).toMatchObject({
      facts: { library: 'Llama-3.2-1B-Instruct-q4f16_1_cs1k-webgpu.wasm', contextTokens: 4_096 },
    });
    expect(folder?.plan.files.filter(({ revision }) => revision === sha)).toHaveLength(5);
    expect(folder?.plan.files.find(({ url }) => url === library)).toBeDefined();
  });

  it('is mended chunk by chunk, and is a download again while it cannot be', async () => {
    const { host, service, bundles, states, stored } = bundleWorld();
    giveMlc(host);
    const downloads = service();
    const { bundle: id = '', sha256 } = await downloads.start('https://models.example/tiny/');
    const spoil = (): void => {
      const { finished } = bundles.folders.get(id)?.parts ?? new MemoryPartStore();
      const bytes = [...finished.values()].find(({ length }) => length === SHARD_BYTES);
      if (bytes) bytes[2 * CHUNK_BYTES] = (bytes[2 * CHUNK_BYTES] ?? 0) ^ 1;
    };
    host.sentBytes = 0;
    expect(await downloads.check(sha256, id)).toBe(0);
    spoil();
    expect(await downloads.check(sha256, id)).toBe(1);
    expect(host.sentBytes).toBe(CHUNK_BYTES);
    spoil();
    host.odd = () => new Response('', { status: 404 });
    await expect(downloads.check(sha256, id)).rejects.toMatchObject({ code: 'DownloadRefused' });
    expect(await stored.list()).toEqual([]);
    expect(states.at(-1)).toMatchObject([
      { id, phase: 'paused', doneBytes: MLC_SIZE - CHUNK_BYTES, error: { code: 'DownloadRefused' } },
    ]);
    host.odd = undefined;
    expect((await downloads.resume(id)).sha256).toBe(sha256);
    expect(host.sentBytes).toBe(2 * CHUNK_BYTES);
    await stored.remove(id);
    expect(await stored.files(id)).toBeUndefined();
    await expect(downloads.check(sha256, id)).rejects.toMatchObject({ code: 'ModelNotFound' });
  });
});
