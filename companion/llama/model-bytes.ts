/** Owns the bytes of a model as its hash and the page have them: one file, joined while it is read where it is several. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { piecesWithin } from '../../shared/inference/gguf-split.ts';
import type { ModelFile, SplitFile } from './model-file.ts';
import { sha256Of } from './model-folder.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Of the joined file, from `first` until before `end`. Ends early where a part was cut since. */
export async function* joinedBytes(
  { paths, pieces }: SplitFile,
  first: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  for (const { piece, from, to } of piecesWithin(pieces, first, end)) {
    if (piece.kind === 'own') {
      yield piece.bytes.subarray(from, to);
      continue;
    }
    const span = { start: piece.from + from, end: piece.from + to - 1, highWaterMark: CHUNK_BYTES };
    for await (const chunk of createReadStream(paths[piece.part] ?? '', span)) yield chunk as Buffer;
  }
}

/** Lower-case hex. */
export async function sha256OfModel(
  { path, split }: Pick<ModelFile, 'path' | 'split'>,
  onBytes: (read: number) => void,
): Promise<string> {
  if (!split) return sha256Of(path, onBytes);
  const hash = createHash('sha256');
  let read = 0;
  for await (const chunk of joinedBytes(split, 0, split.sizeBytes)) {
    hash.update(chunk);
    onBytes((read += chunk.length));
  }
  return hash.digest('hex');
}
