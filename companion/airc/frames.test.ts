import { describe, expect, it } from 'vitest';
import { fromHex, payloadOf, VECTORS } from '../../shared/testing/airc-vectors.ts';
import { SeededRandom } from '../../shared/testing/seeded-random.ts';
import { FrameReader, MAX_FRAME_BYTES, payloadsOf, toFrame } from './frames.ts';

const tooLarge = expect.objectContaining({ code: 'FrameTooLarge' });
const truncated = expect.objectContaining({ code: 'FrameTruncated' });

function readAll(chunks: readonly Uint8Array[]): Uint8Array[] {
  const reader = new FrameReader();
  const payloads = chunks.flatMap((chunk) => [...reader.push(chunk)]);
  reader.finish();
  return payloads;
}

describe('a frame', () => {
  const payload = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);

  it('is its length and its payload', () => {
    expect(Array.from(toFrame(Uint8Array.of(7, 8)))).toEqual([0, 0, 0, 2, 7, 8]);
  });

  it('comes through in single bytes', () => {
    const frame = toFrame(payload.slice(0, 1_000));
    const pieces = Array.from(frame, (byte) => Uint8Array.of(byte));
    expect(readAll(pieces)).toEqual([payload.slice(0, 1_000)]);
  });

  it('comes through with others in one piece, also one of no bytes', () => {
    const bytes = Buffer.concat([toFrame(Uint8Array.of(1)), toFrame(new Uint8Array()), toFrame(payload)]);
    const payloads = readAll([bytes]);
    expect(payloads.map((one) => one.length)).toEqual([1, 0, payload.length]);
    expect(Buffer.compare(payloads[2] ?? new Uint8Array(), payload)).toBe(0);
  });

  it('of exactly the limit passes both ways', () => {
    const largest = new Uint8Array(MAX_FRAME_BYTES).fill(7);
    const [read] = readAll([toFrame(largest)]);
    expect(Buffer.compare(read ?? new Uint8Array(), largest)).toBe(0);
  });

  it('of one more is refused both ways, by its length alone', () => {
    expect(() => toFrame(new Uint8Array(MAX_FRAME_BYTES + 1))).toThrow(tooLarge);
    expect(() => [...new FrameReader().push(Uint8Array.of(1, 0, 0, 1))]).toThrow(tooLarge);
  });

  it('that only claims to be long costs no memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 100 }, () => {
      const reader = new FrameReader();
      expect([...reader.push(Uint8Array.of(1, 0, 0, 0, 1))]).toEqual([]);
      return reader;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024 * 1024);
    expect(readers.every((reader) => reader.inside === 'body')).toBe(true);
  });

  it.each([
    ['in its length', Uint8Array.of(0, 0)],
    ['before its payload', Uint8Array.of(0, 0, 0, 2)],
    ['in its payload', Uint8Array.of(0, 0, 0, 2, 9)],
  ])('torn %s is named so', (_where, bytes) => {
    expect(() => readAll([bytes])).toThrow(truncated);
  });

  it('of a stream that never began is none', () => {
    expect(readAll([])).toEqual([]);
  });
});

it('what the real daemon and the real command line framed is cut and framed alike', () => {
  const frames = VECTORS.recorded.map((frame) => fromHex(frame.frame_hex));
  const payloads = VECTORS.recorded.map((frame) => payloadOf(frame.frame_hex));
  expect(payloads.map(toFrame)).toEqual(frames);
  const random = new SeededRandom(5);
  const pieces: Uint8Array[] = [];
  for (let rest = new Uint8Array(Buffer.concat(frames)); rest.length > 0;) {
    const length = random.between(1, 700);
    pieces.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
  expect(readAll(pieces)).toEqual(payloads);
});

it('payloadsOf yields what came before it finds the stream torn', async () => {
  const seen: Uint8Array[] = [];
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield toFrame(Uint8Array.of(1));
    yield await Promise.resolve(Uint8Array.of(0, 0, 0));
  }
  const read = async (): Promise<void> => {
    for await (const payload of payloadsOf(chunks())) seen.push(payload);
  };
  await expect(read()).rejects.toEqual(truncated);
  expect(seen).toEqual([Uint8Array.of(1)]);
});
