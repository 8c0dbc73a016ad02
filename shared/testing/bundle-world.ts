/** Owns what tests of models of several files begin with: a host that has some, and the downloads of a browser in memory. */
import { createHash } from 'node:crypto';
import { CHUNK_BYTES } from '../../web/inference/downloads/chunks.ts';
import { DownloadService } from '../../web/inference/downloads/download-service.ts';
import type { DownloadState } from '../../web/inference/downloads/download-states.ts';
import { createStoredBundles } from '../../web/inference/models/stored-bundles.ts';
import { createFileHost, type FileHost } from './file-host.ts';
import { writeGguf } from './gguf-writer.ts';
import { MemoryBundleStore } from './memory-bundle-store.ts';
import { MemoryPartStore } from './memory-part-store.ts';
import { VirtualClock } from './virtual-clock.ts';

export const FOLDER = 'https://models.example/tiny/resolve/main/';
export const SHARD_BYTES = 3 * CHUNK_BYTES + 77;
export const text = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
export const shard = (seed: number): Uint8Array =>
  Uint8Array.from({ length: SHARD_BYTES }, (_none, at) => ((at + seed) * 2_654_435_761) >>> 13);
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

export const CONFIG = {
  quantization: 'q4f16_1',
  vocab_size: 8,
  conv_template: { name: 'x' },
  context_window_size: 131_072,
  tokenizer_files: ['tokenizer.json'],
  model_config: {
    num_hidden_layers: 16,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    head_dim: 64,
    hidden_size: 2_048,
  },
};
export const SHARDS = [shard(1), shard(2)] as const;
const WEIGHTS = {
  records: SHARDS.map((bytes, at) => ({
    dataPath: `params_shard_${at}.bin`,
    nbytes: bytes.length,
    md5sum: md5(bytes),
  })),
};

export function bundleWorld() {
  const clock = new VirtualClock();
  const [store, bundles] = [new MemoryPartStore(), new MemoryBundleStore()];
  const host = createFileHost();
  const states: (readonly DownloadState[])[] = [];
  const service = (): DownloadService =>
    new DownloadService({
      store,
      bundles,
      fetchBytes: host.fetchBytes,
      clock,
      onChange: (told) => states.push(told),
    });
  const stored = createStoredBundles(() => Promise.resolve(bundles));
  return { clock, store, bundles, host, states, service, stored };
}

export function giveMlc(host: FileHost, folder = FOLDER): void {
  const put = (name: string, value: unknown): unknown =>
    host.files.set(folder + name, value instanceof Uint8Array ? value : text(value));
  put('', '<a href="tiny-webgpu.wasm">tiny</a> <a href="params_shard_0.bin">0</a>');
  put('mlc-chat-config.json', CONFIG);
  put('tensor-cache.json', WEIGHTS);
  put('tokenizer.json', '{}');
  put('tiny-webgpu.wasm', 'library');
  for (const [at, bytes] of SHARDS.entries()) put(`params_shard_${at}.bin`, bytes);
}

export const SPLIT = 'https://models.example/a/big-00002-of-00002.gguf';
export const splitShard = (no: number, count: number): Uint8Array =>
  writeGguf(
    [
      ['split.no', { type: 'u32', value: no }],
      ['split.count', { type: 'u32', value: count }],
      ['split.tensors.count', { type: 'i32', value: count }],
    ],
    [{ name: `t${no}`, dimensions: [8, 2], type: 'F32', data: new Float32Array(16) }],
  );
export function giveSplit(host: FileHost, second = splitShard(1, 2)): void {
  host.files.set('https://models.example/a/big-00001-of-00002.gguf', splitShard(0, 2));
  host.files.set(SPLIT, second);
}

export const MLC_SIZE = [...[CONFIG, WEIGHTS].map(text), text('{}'), text('library'), ...SHARDS].reduce(
  (sum, { length }) => sum + length,
  0,
);
