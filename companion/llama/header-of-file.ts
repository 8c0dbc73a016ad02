/** Owns reading the header of a file on disk, in the pieces that its reader asks for. */
import { open, type FileHandle } from 'node:fs/promises';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import type { ReadBytes } from '../../shared/inference/gguf-header.ts';

export interface HeadedFile<Header> {
  readonly path: string;
  readonly sizeBytes: number;
  readonly header: Header;
}

/** Rejects with `missing` where `path` is no file that can be opened, else with what `readHeader` rejects with. */
export async function readHeaderOf<Header>(
  path: string,
  missing: ErrorCode,
  readHeader: (read: ReadBytes, fileBytes: number) => Promise<Header>,
): Promise<HeadedFile<Header>> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new AppError(missing, `The file ${path} cannot be opened.`, { cause: error });
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new AppError(missing, `${path} is not a file.`);
    return { path, sizeBytes: stat.size, header: await readHeader(readerOf(file), stat.size) };
  } finally {
    await file.close();
  }
}

/** As long as the file is open. */
export function readerOf(file: FileHandle): ReadBytes {
  return async (offset, length) => {
    const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
}
