/** Owns whether a file that arrived is the shard of a split GGUF that it was fetched as. */
import { AppError } from '../../../shared/errors.ts';
import { openGguf } from '../../../shared/inference/gguf-file.ts';
import { CHUNK_BYTES } from './chunks.ts';
import type { PartFile } from './part-file.ts';

/** `index` from 0. Rejects with `ModelIncomplete`, `ModelNotGguf`, `ModelTruncated` or `ModelUnsupported`. */
export async function requireShard(part: PartFile, index: number, count: number): Promise<void> {
  const { name, sizeBytes } = part.manifest;
  const read = (offset: number, length: number): Promise<Uint8Array> =>
    Promise.resolve(bytesOf(part, offset, Math.min(length, sizeBytes - offset)));
  const { metadata } = await openGguf(read, sizeBytes);
  const ofCount = await metadata.count('split.count');
  const number = await metadata.count('split.no');
  if (ofCount === count && number === index) return;
  const what = ofCount === undefined ? 'no shard' : `shard ${(number ?? 0) + 1} of ${ofCount}`;
  throw new AppError(
    'ModelIncomplete',
    `${name} is ${what} by what stands in it, and not shard ${index + 1} of ${count}.`,
  );
}

function bytesOf(part: PartFile, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, length));
  for (let at = 0; at < bytes.length;) {
    const chunk = part.read(Math.floor((offset + at) / CHUNK_BYTES));
    const from = (offset + at) % CHUNK_BYTES;
    const taken = chunk.subarray(from, from + bytes.length - at);
    bytes.set(taken, at);
    at += taken.length;
  }
  return bytes;
}
