/** Owns looking into a model file on disk before an engine does. */
import { open } from 'node:fs/promises';
import { AppError } from '../../shared/errors.ts';
import { readGgufHeader, type GgufHeader } from '../../shared/inference/gguf-header.ts';

export interface ModelFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly header: GgufHeader;
}

/** Rejects with `ModelNotFound`, `ModelNotGguf`, `ModelTruncated` or `ModelUnsupported`. */
export async function readModelFile(path: string): Promise<ModelFile> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new AppError('ModelNotFound', `The model file ${path} cannot be opened.`, { cause: error });
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new AppError('ModelNotFound', `${path} is not a file.`);
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    };
    return { path, sizeBytes: stat.size, header: await readGgufHeader(read, stat.size) };
  } finally {
    await file.close();
  }
}
