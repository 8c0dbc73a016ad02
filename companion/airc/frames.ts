/** Owns the framing of the local protocol: four bytes of length, big-endian, then as many bytes of payload. */
import { AppError } from '../../shared/errors.ts';

export const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const HEADER_BYTES = 4;
/** What is allocated for a body before any of it came: the length is only a claim. */
const FIRST_ALLOCATION_BYTES = 64 * 1024;

/** Throws `FrameTooLarge`. */
export function toFrame(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  if (payload.length > MAX_FRAME_BYTES) throw tooLarge(payload.length);
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Cuts a byte stream into payloads, whatever pieces it comes in. */
export class FrameReader {
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerBytes = 0;
  #body: Uint8Array<ArrayBuffer> | undefined;
  #bodyBytes = 0;
  #length = 0;

  /** What the stream is in the middle of. */
  get inside(): 'nothing' | 'header' | 'body' {
    if (this.#body !== undefined) return 'body';
    return this.#headerBytes > 0 ? 'header' : 'nothing';
  }

  /** The payloads that `chunk` completes. Throws `FrameTooLarge` before anything is allocated for such a frame. */
  *push(chunk: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
    let rest = chunk;
    while (rest.length > 0) {
      rest = this.#body === undefined ? this.#readHeader(rest) : this.#readBody(rest);
      const payload = this.#complete();
      if (payload !== undefined) yield payload;
    }
  }

  /** To be called at the end of the stream. Throws `FrameTruncated`. */
  finish(): void {
    if (this.inside === 'nothing') return;
    const where = this.inside === 'header' ? 'its length' : `${this.#bodyBytes} of ${this.#length} bytes`;
    throw new AppError('FrameTruncated', `The connection ended inside a frame, after ${where}.`);
  }

  #readHeader(chunk: Uint8Array): Uint8Array {
    const take = Math.min(HEADER_BYTES - this.#headerBytes, chunk.length);
    this.#header.set(chunk.subarray(0, take), this.#headerBytes);
    this.#headerBytes += take;
    if (this.#headerBytes === HEADER_BYTES) {
      this.#length = new DataView(this.#header.buffer).getUint32(0);
      if (this.#length > MAX_FRAME_BYTES) throw tooLarge(this.#length);
      this.#headerBytes = 0;
      this.#body = new Uint8Array(Math.min(this.#length, FIRST_ALLOCATION_BYTES));
      this.#bodyBytes = 0;
    }
    return chunk.subarray(take);
  }

  #readBody(chunk: Uint8Array): Uint8Array {
    const take = Math.min(this.#length - this.#bodyBytes, chunk.length);
    this.#bodyOf(this.#bodyBytes + take).set(chunk.subarray(0, take), this.#bodyBytes);
    this.#bodyBytes += take;
    return chunk.subarray(take);
  }

  #bodyOf(bytes: number): Uint8Array {
    const body = this.#body ?? new Uint8Array();
    if (bytes <= body.length) return body;
    const grown = new Uint8Array(Math.min(this.#length, Math.max(bytes, 2 * body.length)));
    grown.set(body);
    this.#body = grown;
    return grown;
  }

  #complete(): Uint8Array<ArrayBuffer> | undefined {
    const body = this.#body;
    if (body === undefined || this.#bodyBytes < this.#length) return undefined;
    this.#body = undefined;
    return body.length === this.#length ? body : body.slice(0, this.#length);
  }
}

/** The payloads of a stream. Throws `FrameTooLarge` or, where it ends inside a frame, `FrameTruncated`. */
export async function* payloadsOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = new FrameReader();
  for await (const chunk of chunks) yield* reader.push(chunk);
  reader.finish();
}

function tooLarge(bytes: number): AppError {
  return new AppError('FrameTooLarge', `ipc frame too large: ${bytes} bytes exceeds ${MAX_FRAME_BYTES}`);
}
