/** Owns strict reading of CBOR from another program: what airc never sends is refused, and nothing is built from it. */
import { decodeFirst, Tokenizer, Token, Type } from 'cborg';
import { AppError } from '../errors.ts';
import { ByteList } from './cbor-encode.ts';

/** A header filter nests, everything else is three deep; far below what the call stack holds. */
const MAX_DEPTH = 64;

/** Maps stay Maps: a foreign key never becomes a property. Lists of integers 0 to 255 are read as ByteList. */
export type CborItem =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Uint8Array
  | ByteList
  | readonly CborItem[]
  | ReadonlyMap<CborItem, CborItem>;

/**
 * The first item in `bytes`; what follows it is ignored, as the daemon does. Throws `FrameMalformed` for tags, floating
 * point, repeated keys, broken UTF-8, deep nesting and everything that is not CBOR.
 */
export function decodeCbor(bytes: Uint8Array): CborItem {
  try {
    const options = { useMaps: true, rejectDuplicateMapKeys: true };
    const [item] = decodeFirst(bytes, { ...options, tokenizer: new StrictTokens(bytes, options) });
    // The library's declared `any`; the tokens let nothing else through.
    return item as CborItem;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('FrameMalformed', `The frame is not readable: ${message}.`, { cause });
  }
}

class StrictTokens extends Tokenizer {
  /** Items still to come, per open container; Infinity where a break ends it. */
  readonly #open: number[] = [];
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });

  override next(): Token {
    const list = this.#byteList();
    if (list !== undefined) return this.#count(list);
    const start = this._pos;
    const token = super.next();
    if (Type.equals(token.type, Type.float)) throw new Error('floating point is not part of the protocol');
    if (Type.equals(token.type, Type.string) && String(token.value).includes('\ufffd')) {
      // Either it was sent so, or the library has put it in place of broken UTF-8.
      this.#utf8.decode(this.data.subarray(start + headLength(this.data[start]), this._pos));
    }
    return this.#count(token);
  }

  #count(token: Token): Token {
    const open = this.#open;
    if (Type.equals(token.type, Type.break)) {
      open.pop();
      return token;
    }
    const top = open.length - 1;
    if (top >= 0) open[top] = (open[top] ?? 0) - 1;
    if (Type.equals(token.type, Type.array)) open.push(Number(token.value));
    else if (Type.equals(token.type, Type.map)) open.push(2 * Number(token.value));
    if (open.length > MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH}`);
    while (open.at(-1) === 0) open.pop();
    return token;
  }

  /**
   * A definite array of nothing but bytes, taken in one step: as numbers of its own each, the blobs of one full frame
   * would be sixteen million list entries.
   */
  #byteList(): Token | undefined {
    const { data } = this;
    const first = data[this._pos];
    if (first === undefined || first >> 5 !== 4) return undefined;
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const extra = headLength(first) - 1;
    if (extra > 4 || this._pos + 1 + extra > data.length) return undefined;
    const count = countOf(view, this._pos, first & 31);
    // Each takes at least its byte, so what is allocated was sent.
    if (count === undefined || count === 0 || count > data.length - this._pos - 1 - extra) return undefined;
    const bytes = new Uint8Array(count);
    let at = this._pos + 1 + extra;
    for (let index = 0; index < count; index += 1) {
      const head = data[at];
      const value = head === 24 ? data[at + 1] : head;
      if (head === undefined || head > 24 || value === undefined) return undefined;
      bytes[index] = value;
      at += head === 24 ? 2 : 1;
    }
    const length = at - this._pos;
    this._pos = at;
    return new Token(Type.bytes, new ByteList(bytes), length);
  }
}

function headLength(first: number | undefined): number {
  const minor = (first ?? 0) & 31;
  return minor < 24 || minor === 31 ? 1 : 1 + 2 ** (minor - 24);
}

function countOf(view: DataView, at: number, minor: number): number | undefined {
  if (minor < 24) return minor;
  if (minor === 24) return view.getUint8(at + 1);
  if (minor === 25) return view.getUint16(at + 1);
  return minor === 26 ? view.getUint32(at + 1) : undefined;
}
