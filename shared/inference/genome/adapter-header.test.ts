import { describe, expect, it } from 'vitest';
import { AppError } from '../../errors.ts';
import { writeGguf, type GgufPair, type GgufTensor } from '../../testing/gguf-writer.ts';
import { mutate } from '../../testing/mutate-bytes.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import * as v from 'valibot';
import { AdapterProvenanceSchema, readAdapterHeader, type AdapterHeader } from './adapter-header.ts';

const text = (value: string): GgufPair[1] => ({ type: 'text', value });
const PAIRS: Readonly<Record<string, GgufPair[1]>> = {
  'general.architecture': text('llama'),
  'general.type': text('adapter'),
  'general.name': text('Poet\n of the sea '),
  'adapter.type': text('lora'),
  'adapter.lora.alpha': { type: 'f32', value: 16 },
};
const FROM: Readonly<Record<string, GgufPair[1]>> = {
  'general.author': text('A. Author'),
  'general.organization': text('The House'),
  'general.url': text('https://example.org/poet'),
  'general.license': text('apache-2.0'),
  'general.base_model.0.name': text('Sea 1B'),
};
const TENSORS: readonly GgufTensor[] = [
  { name: 'blk.0.attn_q.weight.lora_a', dimensions: [8, 2], type: 'F32', data: new Float32Array(16) },
  { name: 'blk.0.attn_q.weight.lora_b', dimensions: [2, 8], type: 'F16', data: new Float32Array(16) },
];

const file = (changes: Readonly<Record<string, GgufPair[1] | undefined>> = {}): Uint8Array =>
  writeGguf(
    Object.entries({ ...PAIRS, ...changes }).flatMap(([key, value]) =>
      value ? [[key, value] as const] : [],
    ),
    TENSORS,
  );

async function read(bytes: Uint8Array, fileBytes = bytes.length): Promise<AdapterHeader> {
  return readAdapterHeader((offset, length) => {
    if (offset < 0 || length < 0 || offset + length > fileBytes) throw new RangeError('outside the file');
    return Promise.resolve(bytes.subarray(offset, offset + length));
  }, fileBytes);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'a header',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
}

describe('readAdapterHeader', () => {
  it('tells name, architecture, and where it comes from', async () => {
    expect(await read(file(FROM))).toEqual({
      name: 'Poet  of the sea',
      architecture: 'llama',
      provenance: {
        author: 'A. Author',
        organization: 'The House',
        url: 'https://example.org/poet',
        license: 'apache-2.0',
        baseModel: 'Sea 1B',
      },
    });
  });

  it('leaves open what a file does not say', async () => {
    const silent = await read(file({ 'general.name': undefined }));
    expect([silent.name, silent.provenance]).toEqual([undefined, undefined]);
    const { provenance } = await read(file({ 'general.license': text('mit') }));
    expect(JSON.stringify(provenance)).toBe('{"license":"mit"}');
  });

  it('takes the address of the source where there is no other, and none that is not of the web', async () => {
    const source = { 'general.source.url': text('http://example.org/source') };
    expect((await read(file(source))).provenance).toEqual({ url: 'http://example.org/source' });
    for (const url of ['javascript:alert(1)', 'file:///etc/passwd', 'example.org', 'data:text/html,x'])
      expect((await read(file({ 'general.url': text(url) }))).provenance).toBeUndefined();
  });

  it('cuts what is long, and keeps it to one line', async () => {
    const { provenance } = await read(
      file({ 'general.license': text(`Permission\u001b[31m\n${'x'.repeat(5_000)}`) }),
    );
    expect(provenance?.license).toMatch(/^Permission \[31m x+$/);
    expect(provenance?.license).toHaveLength(200);
    expect(v.is(AdapterProvenanceSchema, provenance)).toBe(true);
  });

  it.each([
    ['a whole model', { 'general.type': text('model'), 'adapter.type': undefined }],
    ['no type', { 'general.type': undefined }],
    ['an adapter of another kind', { 'adapter.type': text('control') }],
    ['no architecture', { 'general.architecture': undefined }],
    ['an architecture that is no text', { 'general.architecture': { type: 'u32', value: 1 } }],
    ['a licence of megabytes', { 'general.license': text('x'.repeat(70_000)) }],
  ] as const)('refuses %s', async (_, changes) => {
    expect(await codeOf(read(file(changes)))).toBe('ModelUnsupported');
  });

  it('refuses an adapter without tensors, junk, and what was cut anywhere', async () => {
    const empty = writeGguf(Object.entries(PAIRS), []);
    expect(await codeOf(read(empty))).toBe('ModelUnsupported');
    expect(await codeOf(read(new TextEncoder().encode('no adapter at all')))).toBe('ModelNotGguf');
    const whole = file(FROM);
    for (let length = 0; length < whole.length - 32; length += 1)
      expect(await codeOf(read(whole.subarray(0, length)))).toBe(
        length < 4 ? 'ModelNotGguf' : 'ModelTruncated',
      );
  });

  it('answers every damaged file with a header or a named error, and never reads outside of it', async () => {
    const random = new SeededRandom(11);
    const whole = file(FROM);
    for (let run = 0; run < 500; run += 1) {
      const outcome = await codeOf(read(mutate(whole, random, [whole])));
      expect(['a header', 'ModelNotGguf', 'ModelTruncated', 'ModelUnsupported']).toContain(outcome);
    }
  });
});
