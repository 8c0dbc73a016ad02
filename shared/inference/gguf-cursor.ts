/** Owns reading a GGUF file forwards in bounded pieces: no length from the file is trusted before it was checked. */
import { AppError } from '../errors.ts';

/**
 * Reads `length` bytes at `offset` of a file or blob. Asked only for what lies inside the file, at most
 * {@link MAX_READ_BYTES} at once; fewer bytes than asked count as a file that was cut meanwhile.
 */
export type ReadBytes = (offset: number, length: number) => Promise<Uint8Array>;

export const MAX_READ_BYTES = 1024 * 1024;
/** Small enough that a plain header needs one read, large enough that a vocabulary of megabytes needs few. */
const CHUNK_BYTES = 256 * 1024;

const decoder = new TextDecoder();

export class GgufCursor {
  readonly #read: ReadBytes;
  readonly #fileBytes: number;
  #chunk: DataView = new DataView(new ArrayBuffer(0));
  #chunkAt = 0;
  /** Offset in the file of the next byte. */
  position: number;

  constructor(read: ReadBytes, fileBytes: number, position = 0) {
    this.#read = read;
    this.#fileBytes = fileBytes;
    this.position = position;
  }

  async u8(): Promise<number> {
    return (await this.#take(1)).getUint8(this.#taken(1));
  }

  async u16(): Promise<number> {
    return (await this.#take(2)).getUint16(this.#taken(2), true);
  }

  async u32(): Promise<number> {
    return (await this.#take(4)).getUint32(this.#taken(4), true);
  }

  async i32(): Promise<number> {
    return (await this.#take(4)).getInt32(this.#taken(4), true);
  }

  /** A 64-bit count, length or offset. No real one comes near 2^53; `ModelUnsupported` beyond `max`. */
  async u64(what: string, max = Number.MAX_SAFE_INTEGER): Promise<number> {
    const value = (await this.#take(8)).getBigUint64(this.#taken(8), true);
    if (value > BigInt(max)) throw implausible(`${what} of ${value}`);
    return Number(value);
  }

  async text(maxBytes: number): Promise<string> {
    const length = await this.u64('a text length', Math.min(maxBytes, MAX_READ_BYTES));
    const view = await this.#take(length);
    return decoder.decode(new Uint8Array(view.buffer, view.byteOffset + this.#taken(length), length));
  }

  skip(bytes: number): void {
    if (this.position + bytes > this.#fileBytes) throw truncated();
    this.position += bytes;
  }

  /** Makes sure that the next `length` bytes are at hand; their place in the view is what `#taken` gives. */
  async #take(length: number): Promise<DataView> {
    if (this.position + length > this.#fileBytes) throw truncated();
    const inside =
      this.position >= this.#chunkAt && this.position + length <= this.#chunkAt + this.#chunk.byteLength;
    if (inside) return this.#chunk;
    const want = Math.min(Math.max(length, CHUNK_BYTES), this.#fileBytes - this.position);
    const bytes = await this.#read(this.position, want);
    if (bytes.length < length) throw truncated();
    this.#chunk = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#chunkAt = this.position;
    return this.#chunk;
  }

  #taken(length: number): number {
    const at = this.position - this.#chunkAt;
    this.position += length;
    return at;
  }
}

export function truncated(): AppError {
  return new AppError('ModelTruncated', 'The GGUF file ends before the data that its header announces.');
}

export function implausible(what: string): AppError {
  return new AppError('ModelUnsupported', `The GGUF file announces ${what}, which no model has.`);
}
