/** Owns writing GGUF files, whole or broken on purpose, for tests and for the models that the project generates. */

export type GgufValue =
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'u32' | 'i32' | 'f32'; readonly value: number }
  | { readonly type: 'u64'; readonly value: bigint }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'texts'; readonly value: readonly string[] }
  | { readonly type: 'i32s'; readonly value: readonly number[] };

export type GgufPair = readonly [key: string, value: GgufValue];

export interface GgufTensor {
  readonly name: string;
  /** Fastest-varying dimension first, as the format has it. */
  readonly dimensions: readonly number[];
  readonly type: 'F32' | 'F16';
  readonly data: Float32Array;
}

const VALUE_TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, text: 8, list: 9, u64: 10 } as const;
const TENSOR_TYPE = { F32: 0, F16: 1 } as const;
const ALIGNMENT_BYTES = 32;

/** Little-endian bytes that grow. */
export class ByteWriter {
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  i32(value: number): this {
    const at = this.#grow(4);
    this.#view.setInt32(at, value, true);
    return this;
  }

  f32(value: number): this {
    const at = this.#grow(4);
    this.#view.setFloat32(at, value, true);
    return this;
  }

  u64(value: number | bigint): this {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, BigInt(value), true);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  text(value: string): this {
    const encoded = new TextEncoder().encode(value);
    return this.u64(encoded.length).bytes(encoded);
  }

  align(bytes: number): this {
    return this.bytes(new Uint8Array(padding(this.#length, bytes)));
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** Called before the buffer is touched: it may be another one afterwards. */
  #grow(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** A GGUF file of version 3. */
export function writeGguf(
  pairs: readonly GgufPair[],
  tensors: readonly GgufTensor[],
): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  out.bytes(new TextEncoder().encode('GGUF')).u32(3).u64(tensors.length).u64(pairs.length);
  for (const [key, value] of pairs) writeValue(out.text(key), value);
  const data = tensors.map(encodeTensor);
  let offset = 0;
  for (const [index, tensor] of tensors.entries()) {
    out.text(tensor.name).u32(tensor.dimensions.length);
    for (const dimension of tensor.dimensions) out.u64(dimension);
    out.u32(TENSOR_TYPE[tensor.type]).u64(offset);
    const size = data[index]?.length ?? 0;
    offset += size + padding(size, ALIGNMENT_BYTES);
  }
  out.align(ALIGNMENT_BYTES);
  for (const bytes of data) out.bytes(bytes).align(ALIGNMENT_BYTES);
  return out.finish();
}

function writeValue(out: ByteWriter, pair: GgufValue): void {
  switch (pair.type) {
    case 'text':
      out.u32(VALUE_TYPE.text).text(pair.value);
      return;
    case 'u32':
      out.u32(VALUE_TYPE.u32).u32(pair.value);
      return;
    case 'i32':
      out.u32(VALUE_TYPE.i32).i32(pair.value);
      return;
    case 'f32':
      out.u32(VALUE_TYPE.f32).f32(pair.value);
      return;
    case 'u64':
      out.u32(VALUE_TYPE.u64).u64(pair.value);
      return;
    case 'bool':
      out.u32(VALUE_TYPE.bool).bytes(Uint8Array.of(pair.value ? 1 : 0));
      return;
    case 'texts':
      out.u32(VALUE_TYPE.list).u32(VALUE_TYPE.text).u64(pair.value.length);
      for (const item of pair.value) out.text(item);
      return;
    case 'i32s':
      out.u32(VALUE_TYPE.list).u32(VALUE_TYPE.i32).u64(pair.value.length);
      for (const item of pair.value) out.i32(item);
      return;
  }
}

function encodeTensor(tensor: GgufTensor): Uint8Array {
  const bytes = new Uint8Array(tensor.data.length * (tensor.type === 'F32' ? 4 : 2));
  const view = new DataView(bytes.buffer);
  for (const [index, value] of tensor.data.entries()) {
    if (tensor.type === 'F32') view.setFloat32(index * 4, value, true);
    else view.setUint16(index * 2, halfBits(value), true);
  }
  return bytes;
}

/** IEEE 754 binary16, rounded to the nearest, ties to even. */
export function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  // Below 2^-14 the numbers are evenly spaced, as if the exponent were the smallest one.
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const steps = roundHalfToEven(size / 2 ** (exponent - 10));
  return sign | (steps + (size < 2 ** -14 ? 0 : (exponent + 14) * 1024));
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function padding(length: number, alignmentBytes: number): number {
  return (alignmentBytes - (length % alignmentBytes)) % alignmentBytes;
}
