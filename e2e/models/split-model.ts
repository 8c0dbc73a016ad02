/** Owns splitting a generated model into shards, as llama.cpp's own tool does. */
import { openGguf } from '../../shared/inference/gguf-file.ts';
import { ByteWriter } from '../../shared/testing/gguf-writer.ts';

export interface Shard {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const START_BYTES = 24;
const ALIGNMENT_BYTES = 32;
const TYPE = { u16: 2, i32: 5 };

/** The first has all keys, the others those of the split alone; tensors are dealt out evenly, in their order. */
export async function splitModel(model: Uint8Array, count: number, stem = 'model'): Promise<Shard[]> {
  const read = (offset: number, length: number): Promise<Uint8Array> =>
    Promise.resolve(model.subarray(offset, offset + length));
  const gguf = await openGguf(read, model.length);
  const { places, describedFrom, dataFrom } = await gguf.walkTensors();
  const perShard = Math.ceil(places.length / count);
  const digits = (number: number): string => String(number).padStart(5, '0');
  return Array.from({ length: count }, (_none, no) => {
    const out = new ByteWriter();
    const from = no * perShard;
    const mine = places.slice(from, from + perShard);
    const keys = no === 0 ? gguf.keyCount + 3 : 3;
    out.bytes(new TextEncoder().encode('GGUF')).u32(3).u64(mine.length).u64(keys);
    if (no === 0) out.bytes(model.subarray(START_BYTES, describedFrom));
    out.text('split.no').u32(TYPE.u16).bytes(Uint8Array.of(no, 0));
    out.text('split.count').u32(TYPE.u16).bytes(Uint8Array.of(count, 0));
    out.text('split.tensors.count').u32(TYPE.i32).i32(places.length);
    const base = mine[0]?.offset ?? 0;
    let described = from === 0 ? describedFrom : (places[from - 1]?.offsetAt ?? 0) + 8;
    for (const { offsetAt, offset } of mine) {
      out.bytes(model.subarray(described, offsetAt)).u64(offset - base);
      described = offsetAt + 8;
    }
    out.align(ALIGNMENT_BYTES);
    const end = places[from + perShard]?.offset ?? model.length - dataFrom;
    if (mine.length > 0) out.bytes(model.subarray(dataFrom + base, dataFrom + end));
    return { name: `${stem}-${digits(no + 1)}-of-${digits(count)}.gguf`, bytes: out.finish() };
  });
}
