/** Owns making one file of the shards of a GGUF model that this browser holds: without a copy, read where they lie. */
import { AppError } from '../../../shared/errors.ts';
import { splitNamesOf } from '../../../shared/inference/gguf-split-names.ts';
import { joinGguf, type GgufPart } from '../../../shared/inference/gguf-split.ts';
import { unreadable } from './file-header.ts';

/**
 * One file is given back as it is. Of several, in any order, rejects with `ModelIncomplete` and what else `joinGguf` finds,
 * or with `ModelNotFound` for one that cannot be read any more.
 */
export async function oneFile(files: readonly File[]): Promise<File> {
  const [first, ...others] = files;
  if (!first) throw new AppError('ModelNotFound', 'There is no file.');
  if (others.length === 0) return first;
  const { pieces } = await joinGguf(files.map(partOf));
  const bytes = pieces.map((piece) =>
    piece.kind === 'own' ? piece.bytes : (files[piece.part] ?? first).slice(piece.from, piece.to),
  );
  return new File(bytes, splitNamesOf(first.name)?.name ?? first.name);
}

function partOf(file: File): GgufPart {
  return {
    name: file.name,
    sizeBytes: file.size,
    read: async (offset, length) => {
      try {
        return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
      } catch (error) {
        throw unreadable(file.name, error);
      }
    },
  };
}
