/** Owns reading the header of a model file that the browser holds, before an engine or a disk takes all of it. */
import { AppError } from '../../../shared/errors.ts';
import { readGgufHeader, type GgufHeader } from '../../../shared/inference/gguf-header.ts';

/** Rejects with `ModelNotGguf`, `ModelTruncated`, `ModelUnsupported`, or `ModelNotFound` for a file that is gone. */
export async function headerOf(file: Blob, name = nameOf(file)): Promise<GgufHeader> {
  // Chromium gives no error for a chosen file that was deleted since: it has no bytes any more.
  if (file.size === 0) throw new AppError('ModelNotFound', `${name} is empty, or not there any more.`);
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    try {
      return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
    } catch (error) {
      throw unreadable(name, error);
    }
  };
  return readGgufHeader(read, file.size);
}

/** What the browser throws for a file that was moved, deleted or changed since it was chosen. */
export function unreadable(name: string, thrown: unknown): AppError {
  const cause = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError('ModelNotFound', `${name} cannot be read any more: ${cause}`, { cause: thrown });
}

function nameOf(file: Blob): string {
  return file instanceof File ? file.name : 'The file';
}
