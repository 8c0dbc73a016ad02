/**
 * Owns checked reading of FlatBuffers tables. The official JavaScript runtime has no verifier and reads undefined behind
 * the end; here every offset is checked before it is followed, and text is bounded by the size of the buffer.
 */
import { AppError } from '../errors.ts';

/** Equal strings may be stored once; sixteenfold is far above what any writer shares, and keeps reading linear. */
const MAX_SHARING = 16;

/** One buffer while it is read; shared by all its tables. */
export class FlatBuffer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  #textBytesLeft: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#textBytesLeft = MAX_SHARING * bytes.length;
  }

  /** Throws `EnvelopeMalformed`, like everything here. */
  root(): FlatTable {
    return new FlatTable(this, this.follow(0));
  }

  uint32(at: number): number {
    this.require(at, 4);
    return this.view.getUint32(at, true);
  }

  uint16(at: number): number {
    this.require(at, 2);
    return this.view.getUint16(at, true);
  }

  /** Where the offset stored at `at` leads to; offsets lead forward only, so that nothing can go in a circle. */
  follow(at: number): number {
    const offset = this.uint32(at);
    if (offset === 0) throw broken('an offset is zero');
    return at + offset;
  }

  /** Start and item count of a vector, all of it inside the buffer. */
  vector(at: number, itemBytes: number): { readonly start: number; readonly count: number } {
    const count = this.uint32(at);
    this.require(at + 4, count * itemBytes);
    return { start: at + 4, count };
  }

  text(at: number): string {
    const { start, count } = this.vector(at, 1);
    this.#textBytesLeft -= count;
    if (this.#textBytesLeft < 0) throw broken('it repeats more text than it holds');
    try {
      return this.#utf8.decode(this.bytes.subarray(start, start + count));
    } catch (cause) {
      throw broken('text is not UTF-8', cause);
    }
  }

  require(at: number, length: number): void {
    if (at < 0 || at + length > this.bytes.length) throw broken('an offset leads outside');
  }
}

export class FlatTable {
  readonly #buffer: FlatBuffer;
  readonly #at: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;
  readonly #objectBytes: number;

  constructor(buffer: FlatBuffer, at: number) {
    buffer.require(at, 4);
    this.#buffer = buffer;
    this.#at = at;
    this.#vtable = at - buffer.view.getInt32(at, true);
    this.#vtableBytes = buffer.uint16(this.#vtable);
    this.#objectBytes = buffer.uint16(this.#vtable + 2);
    if (this.#vtableBytes < 4) throw broken('a table has no field list');
    buffer.require(this.#vtable, this.#vtableBytes);
    buffer.require(at, this.#objectBytes);
  }

  /** Where the field's `length` bytes are; undefined when it is absent. */
  field(index: number, length: number): number | undefined {
    const slot = 4 + 2 * index;
    if (slot + 2 > this.#vtableBytes) return undefined;
    const offset = this.#buffer.uint16(this.#vtable + slot);
    if (offset === 0) return undefined;
    if (offset < 4 || offset + length > this.#objectBytes) throw broken('a field lies outside its table');
    return this.#at + offset;
  }

  uint8(index: number): number {
    const at = this.field(index, 1);
    return at === undefined ? 0 : this.#buffer.view.getUint8(at);
  }

  /** Exact as a JavaScript number, or refused. */
  uint64(index: number): number {
    const at = this.field(index, 8);
    if (at === undefined) return 0;
    const value = Number(this.#buffer.view.getBigUint64(at, true));
    if (!Number.isSafeInteger(value)) throw broken('a number is above 2^53');
    return value;
  }

  text(index: number): string | undefined {
    const at = this.field(index, 4);
    return at === undefined ? undefined : this.#buffer.text(this.#buffer.follow(at));
  }

  /** A view of the bytes, not a copy. */
  blob(index: number): Uint8Array | undefined {
    const at = this.field(index, 4);
    if (at === undefined) return undefined;
    const { start, count } = this.#buffer.vector(this.#buffer.follow(at), 1);
    return this.#buffer.bytes.subarray(start, start + count);
  }

  *tables(index: number): Generator<FlatTable> {
    const at = this.field(index, 4);
    if (at === undefined) return;
    const { start, count } = this.#buffer.vector(this.#buffer.follow(at), 4);
    for (let item = 0; item < count; item += 1) {
      yield new FlatTable(this.#buffer, this.#buffer.follow(start + 4 * item));
    }
  }
}

export function broken(message: string, cause?: unknown): AppError {
  return new AppError('EnvelopeMalformed', `The event envelope is malformed: ${message}.`, { cause });
}
