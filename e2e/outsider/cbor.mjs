/** Owns just enough CBOR for the local protocol of airc, written from its description and from nothing of this project. */

/** A whole value, then nothing: plain objects are maps, a Uint8Array is a byte string, numbers are whole. */
export function encode(value) {
  if (typeof value === 'boolean') return Buffer.of(value ? 0xf5 : 0xf4);
  if (typeof value === 'number') return head(0, value);
  if (typeof value === 'string') return withLength(3, Buffer.from(value, 'utf8'));
  if (value instanceof Uint8Array) return withLength(2, value);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(encode)]);
  const entries = Object.entries(value);
  return Buffer.concat([head(5, entries.length), ...entries.flat().map(encode)]);
}

export function decode(bytes) {
  return readItem({ bytes: Buffer.from(bytes), at: 0 });
}

function withLength(major, bytes) {
  return Buffer.concat([head(major, bytes.length), bytes]);
}

/** The shortest form, as the daemon's own writer has it. */
function head(major, number) {
  const first = major << 5;
  if (number < 24) return Buffer.of(first | number);
  const size = number < 2 ** 8 ? 1 : number < 2 ** 16 ? 2 : number < 2 ** 32 ? 4 : 8;
  const out = Buffer.alloc(1 + size);
  out[0] = first | (24 + Math.log2(size));
  if (size === 8) out.writeBigUInt64BE(BigInt(number), 1);
  else out.writeUIntBE(number, 1, size);
  return out;
}

function readItem(input) {
  const first = readBytes(input, 1)[0];
  const major = first >> 5;
  const low = first & 31;
  if (major === 7) return readSimple(low);
  const number = readNumber(input, low);
  switch (major) {
    case 0:
      return number;
    case 2:
      return readBytes(input, number);
    case 3:
      return new TextDecoder('utf-8', { fatal: true }).decode(readBytes(input, number));
    case 4:
      return Array.from({ length: number }, () => readItem(input));
    case 5:
      return Object.fromEntries(Array.from({ length: number }, () => [readItem(input), readItem(input)]));
    default:
      throw new Error(`CBOR of major type ${major} has no place in this protocol.`);
  }
}

function readSimple(low) {
  if (low === 20 || low === 21) return low === 21;
  throw new Error(`CBOR simple value ${low} has no place in this protocol.`);
}

function readNumber(input, low) {
  if (low < 24) return low;
  if (low > 27) throw new Error('CBOR of indefinite length has no place in this protocol.');
  const size = 2 ** (low - 24);
  const bytes = readBytes(input, size);
  const number = size === 8 ? Number(bytes.readBigUInt64BE()) : bytes.readUIntBE(0, size);
  if (!Number.isSafeInteger(number)) throw new Error('A number is beyond what JavaScript counts exactly.');
  return number;
}

function readBytes(input, length) {
  const end = input.at + length;
  if (end > input.bytes.length) throw new Error('The CBOR ends early.');
  const bytes = input.bytes.subarray(input.at, end);
  input.at = end;
  return bytes;
}
