import { describe, expect, it } from 'vitest';
import {
  bundleWorld,
  CONFIG,
  FOLDER,
  giveMlc,
  giveSplit,
  shard,
  splitShard,
  text,
} from '../../../shared/testing/bundle-world.ts';
import type { FileHost } from '../../../shared/testing/file-host.ts';
import { CHUNK_BYTES } from './chunks.ts';

describe('a model of several files', () => {
  it.each<[string, string, (host: FileHost) => void, string, string]>([
    [
      'a shard missing',
      'tiny/',
      ({ files }) => files.delete(`${FOLDER}params_shard_1.bin`),
      'DownloadRefused',
      'params_shard_1.bin',
    ],
    [
      'no library',
      'tiny/',
      ({ files }) => files.set(FOLDER, text('<a href="tokenizer.json">')),
      'DownloadRefused',
      '0 compiled libraries',
    ],
    [
      'a list that leads out of its folder',
      'tiny/',
      ({ files }) =>
        files.set(
          `${FOLDER}tensor-cache.json`,
          text({ records: [{ dataPath: '../../elsewhere.bin', nbytes: 1 }] }),
        ),
      'ModelUnsupported',
      'tensor-cache.json',
    ],
    [
      'a list that is too large',
      'tiny/',
      ({ files }) => files.set(`${FOLDER}tensor-cache.json`, new Uint8Array(16 * 1024 * 1024 + 1)),
      'ModelUnsupported',
      'larger than any such list',
    ],
    [
      'a list that says another size than the host',
      'tiny/',
      ({ files }) => files.set(`${FOLDER}params_shard_0.bin`, shard(1).subarray(1)),
      'DownloadRefused',
      'lists',
    ],
    [
      'a page in place of its configuration',
      'tiny/',
      (host) => {
        host.odd = ({ url }) =>
          url.endsWith('config.json')
            ? new Response('<p>', { headers: { 'content-type': 'text/html', 'content-length': '3' } })
            : undefined;
      },
      'DownloadRefused',
      'a web page in place of mlc-chat-config.json',
    ],
    [
      'a configuration that is none',
      'tiny/',
      ({ files }) => files.set(`${FOLDER}mlc-chat-config.json`, text({ ...CONFIG, vocab_size: undefined })),
      'ModelUnsupported',
      'mlc-chat-config.json',
    ],
    [
      'a longer list than it announced',
      'tiny/',
      (host) => {
        host.odd = ({ url, method }) =>
          method === 'GET' && url.endsWith('cache.json')
            ? new Response(new Uint8Array(1024 * 1024))
            : undefined;
      },
      'DownloadRefused',
      'larger',
    ],
    [
      'other weights than its list names',
      'tiny/',
      ({ files }) => {
        const bytes = shard(2);
        bytes[CHUNK_BYTES] = (bytes[CHUNK_BYTES] ?? 0) ^ 1;
        files.set(`${FOLDER}params_shard_1.bin`, bytes);
      },
      'DownloadChanged',
      'params_shard_1.bin',
    ],
    [
      'a shard of another split',
      'a/big-00001-of-00002.gguf',
      (host) => {
        giveSplit(host, splitShard(1, 3));
      },
      'DownloadRefused',
      'shard 2 of 3',
    ],
    [
      'a shard that is none',
      'a/big-00001-of-00002.gguf',
      (host) => {
        giveSplit(host, text('junk'));
      },
      'DownloadRefused',
      'GGUF',
    ],
  ])('is refused by name with %s, and nothing stored is touched', async (_what, path, spoil, code, words) => {
    const { host, service, store, stored } = bundleWorld();
    host.files.set('https://models.example/one.gguf', text('a model by itself'));
    giveMlc(host, 'https://models.example/good/resolve/main/');
    await service().start('https://models.example/one.gguf');
    await service().start('https://models.example/good/');
    giveMlc(host);
    spoil(host);
    await expect(service().start(`https://models.example/${path}`)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words) as string,
    });
    expect(store.finished.size).toBe(1);
    expect((await stored.list()).map(({ name }) => name)).toEqual(['good']);
  });
});
