import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../errors.ts';
import { ByteWriter, writeGguf, type GgufPair, type GgufTensor } from '../testing/gguf-writer.ts';
import { MAX_READ_BYTES } from './gguf-cursor.ts';
import { readGgufHeader, type GgufHeader } from './gguf-header.ts';

const PAIRS: readonly GgufPair[] = [
  ['general.architecture', { type: 'text', value: 'llama' }],
  ['general.name', { type: 'text', value: 'A\nname\u0007 ' }],
  ['llama.block_count', { type: 'u32', value: 2 }],
  ['llama.context_length', { type: 'u32', value: 4096 }],
  ['llama.embedding_length', { type: 'u32', value: 64 }],
  ['llama.attention.head_count', { type: 'u32', value: 4 }],
  ['llama.attention.head_count_kv', { type: 'u32', value: 2 }],
  ['tokenizer.ggml.bos_token_id', { type: 'u32', value: 3 }],
  ['tokenizer.ggml.eos_token_id', { type: 'u32', value: 2 }],
  ['tokenizer.ggml.add_bos_token', { type: 'bool', value: false }],
  ['tokenizer.ggml.tokens', { type: 'texts', value: ['a', 'b', '<end>', '<begin>', '<tool>'] }],
  ['tokenizer.ggml.token_type', { type: 'i32s', value: [1, 1, 3, 3, 4] }],
  ['tokenizer.chat_template', { type: 'text', value: '{{ messages }}' }],
  ['persona_node.starter', { type: 'bool', value: true }],
];
const TENSORS: readonly GgufTensor[] = [
  { name: 'one', dimensions: [8, 2], type: 'F32', data: new Float32Array(16) },
  { name: 'two', dimensions: [3], type: 'F16', data: new Float32Array(3) },
];
const GOOD = writeGguf(PAIRS, TENSORS);

async function read(bytes: Uint8Array, fileBytes = bytes.length): Promise<GgufHeader> {
  return readGgufHeader((offset, length) => {
    if (offset < 0 || length < 0 || length > MAX_READ_BYTES || offset + length > fileBytes)
      throw new RangeError(`asked for ${length} bytes at ${offset} of ${fileBytes}`);
    return Promise.resolve(bytes.subarray(offset, offset + length));
  }, fileBytes);
}

async function codeOf(bytes: Uint8Array, fileBytes?: number): Promise<string> {
  return read(bytes, fileBytes).then(
    () => 'a header',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
}

/** The pairs with some replaced or, with undefined, left out. */
function pairs(changes: Readonly<Record<string, GgufPair[1] | undefined>>): GgufPair[] {
  const kept = PAIRS.filter(([key]) => !Object.hasOwn(changes, key));
  const added = Object.entries(changes).flatMap(([key, value]) => (value ? [[key, value] as const] : []));
  return [...kept, ...added];
}

const start = (tensors: number | bigint, keys: number | bigint, version = 3): ByteWriter =>
  new ByteWriter().bytes(new TextEncoder().encode('GGUF')).u32(version).u64(tensors).u64(keys);

describe('readGgufHeader', () => {
  it('tells what the lanes need to know', async () => {
    expect(await read(GOOD)).toEqual({
      name: 'A name',
      architecture: 'llama',
      contextTokens: 4096,
      blockCount: 2,
      chatTemplate: '{{ messages }}',
      bosToken: '<begin>',
      eosToken: '<end>',
      addsBos: false,
      controlTokens: ['<end>', '<begin>'],
      pooling: 'mean',
      tensorBytes: 64 + 6,
      largestTensorBytes: 64,
      cacheBytesPerToken: 2 * 2 * (16 + 16) * 2,
      headCount: 4,
      starter: true,
    });
  });

  it('leaves open what a file does not say', async () => {
    const silent = pairs({
      'general.name': undefined,
      'tokenizer.chat_template': undefined,
      'tokenizer.ggml.bos_token_id': undefined,
      'tokenizer.ggml.add_bos_token': undefined,
      'tokenizer.ggml.token_type': undefined,
      'llama.attention.head_count': undefined,
      'llama.attention.head_count_kv': undefined,
      'persona_node.starter': undefined,
    });
    expect(await read(writeGguf(silent, TENSORS))).toMatchObject({
      name: undefined,
      chatTemplate: undefined,
      bosToken: '',
      addsBos: undefined,
      controlTokens: [],
      cacheBytesPerToken: undefined,
      starter: false,
    });
  });

  it.each([
    [0, 'mean'],
    [1, 'mean'],
    [2, 'cls'],
    [3, 'last'],
    [4, 'mean'],
    [99, 'mean'],
  ])('takes the pooling %d that a file names for %s', async (value, pooling) => {
    const named = pairs({ 'llama.pooling_type': { type: 'u32', value } });
    expect(await read(writeGguf(named, TENSORS))).toMatchObject({ pooling });
  });

  it('reads a vocabulary of 260,000 tokens in pieces', async () => {
    const tokens = Array.from({ length: 260_000 }, (_, id) => `token number ${id}`);
    const bytes = writeGguf(
      pairs({
        'tokenizer.ggml.tokens': { type: 'texts', value: tokens },
        'tokenizer.ggml.eos_token_id': { type: 'u32', value: 259_999 },
        'tokenizer.ggml.token_type': undefined,
      }),
      TENSORS,
    );
    expect((await read(bytes)).eosToken).toBe('token number 259999');
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['three bytes', new TextEncoder().encode('GGU')],
    ['a text', new TextEncoder().encode('Once upon a time there was a model.')],
    ['a zip', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0)],
  ])('knows that %s is no GGUF', async (_, bytes) => {
    expect(await codeOf(bytes)).toBe('ModelNotGguf');
  });

  it('names a file that is cut, wherever it is cut', async () => {
    for (let length = 4; length < GOOD.length - 32; length += 1)
      expect([length, await codeOf(GOOD.subarray(0, length))]).toEqual([length, 'ModelTruncated']);
  });

  it('names a file that shrinks while it is read', async () => {
    expect(await codeOf(GOOD.subarray(0, 100), GOOD.length)).toBe('ModelTruncated');
  });

  it.each([
    ['2^63 tensors', start(2n ** 63n, 1)],
    ['2^64-1 keys', start(1, 2n ** 64n - 1n)],
    ['65,537 tensors', start(65_537, 1)],
    ['a key of 2^40 bytes', start(1, 1).u64(2n ** 40n)],
    [
      'a text of 2^40 bytes',
      start(1, 1)
        .text('general.name')
        .u32(8)
        .u64(2n ** 40n),
    ],
    [
      'a list of 2^40 texts',
      start(1, 1)
        .text('tokenizer.ggml.tokens')
        .u32(9)
        .u32(8)
        .u64(2n ** 40n),
    ],
    [
      'a list of 2^62 numbers',
      start(1, 1)
        .text('tokenizer.ggml.scores')
        .u32(9)
        .u32(6)
        .u64(2n ** 62n),
    ],
    ['lists in lists', start(1, 1).text('x').u32(9).u32(9).u64(1).u32(9).u64(1)],
    ['a type that does not exist', start(1, 1).text('x').u32(99).u64(1)],
    ['version 1', start(1, 1, 1)],
    ['the other byte order', start(1, 1, 0x03000000)],
  ])('refuses %s before allocating anything for it', async (_, writer) => {
    expect(await codeOf(writer.bytes(new Uint8Array(256)).finish())).toBe('ModelUnsupported');
  });

  const tensor = (write: (out: ByteWriter) => ByteWriter): Uint8Array => {
    const header = writeGguf(PAIRS, []);
    header.set(new ByteWriter().u64(1).finish(), 8);
    // The writer ends with padding; a tensor description has to follow the last pair at once.
    const unpadded = header.subarray(0, header.findLastIndex((byte) => byte !== 0) + 1);
    return write(new ByteWriter().bytes(unpadded)).bytes(new Uint8Array(4096)).finish();
  };

  it.each([
    [
      'an offset past the end',
      tensor((out) =>
        out
          .text('t')
          .u32(1)
          .u64(8)
          .u32(0)
          .u64(2 ** 40),
      ),
      'ModelTruncated',
    ],
    [
      'a size past the end',
      tensor((out) =>
        out
          .text('t')
          .u32(1)
          .u64(2 ** 40)
          .u32(0)
          .u64(0),
      ),
      'ModelTruncated',
    ],
    [
      'an offset off its alignment',
      tensor((out) => out.text('t').u32(1).u64(8).u32(0).u64(8)),
      'ModelUnsupported',
    ],
    ['no dimension', tensor((out) => out.text('t').u32(0).u32(0).u64(0)), 'ModelUnsupported'],
    [
      'five dimensions',
      tensor((out) => out.text('t').u32(5).u64(1).u64(1).u64(1).u64(1).u64(1)),
      'ModelUnsupported',
    ],
    ['an empty dimension', tensor((out) => out.text('t').u32(1).u64(0).u32(0).u64(0)), 'ModelUnsupported'],
    [
      'dimensions that overflow',
      tensor((out) =>
        out
          .text('t')
          .u32(2)
          .u64(2n ** 52n)
          .u64(2n ** 52n)
          .u32(0)
          .u64(0),
      ),
      'ModelUnsupported',
    ],
    [
      'half a quantised block',
      tensor((out) => out.text('t').u32(1).u64(33).u32(8).u64(0)),
      'ModelUnsupported',
    ],
    ['nothing wrong', tensor((out) => out.text('t').u32(1).u64(32).u32(8).u64(0)), 'a header'],
  ])('checks a tensor with %s', async (_, bytes, expected) => {
    expect(await codeOf(bytes)).toBe(expected);
  });

  it.each<[string, GgufPair[]]>([
    ['no architecture', pairs({ 'general.architecture': undefined })],
    ['no context length', pairs({ 'llama.context_length': undefined })],
    ['no context', pairs({ 'llama.context_length': { type: 'u32', value: 0 } })],
    ['a context of 2^40', pairs({ 'llama.context_length': { type: 'u64', value: 2n ** 40n } })],
    ['no tokenizer', pairs({ 'tokenizer.ggml.tokens': undefined })],
    ['an adapter', pairs({ 'general.type': { type: 'text', value: 'adapter' } })],
    ['an alignment of 3', pairs({ 'general.alignment': { type: 'u32', value: 3 } })],
    [
      'a template of megabytes',
      pairs({ 'tokenizer.chat_template': { type: 'text', value: 'x'.repeat(2 ** 21) } }),
    ],
  ])('refuses %s', async (_, changed) => {
    expect(await codeOf(writeGguf(changed, TENSORS))).toBe('ModelUnsupported');
  });

  it('answers every mutation with a header or a named error, and never reads outside the file', async () => {
    const mutation = fc.array(
      fc.record({
        at: fc.nat(GOOD.length - 1),
        value: fc.oneof(fc.nat(255), fc.constantFrom(0, 255, 127, 128)),
      }),
      { minLength: 1, maxLength: 6 },
    );
    const allowed = new Set(['a header', 'ModelNotGguf', 'ModelTruncated', 'ModelUnsupported']);
    await fc.assert(
      fc.asyncProperty(mutation, fc.nat(GOOD.length), async (changes, cut) => {
        const bytes = Uint8Array.from(GOOD);
        for (const { at, value } of changes) bytes[at] = value;
        expect(allowed).toContain(await codeOf(bytes.subarray(0, cut % 3 === 0 ? cut : undefined)));
      }),
      { numRuns: 2_000 },
    );
  });
});
