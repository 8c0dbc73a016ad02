/** Owns looking into the file of a LoRA adapter on disk before an engine does. */
import { AppError } from '../../shared/errors.ts';
import { readAdapterHeader, type AdapterHeader } from '../../shared/inference/genome/adapter-header.ts';
import { readHeaderOf, type HeadedFile } from './header-of-file.ts';

export type AdapterFile = HeadedFile<AdapterHeader>;

/** Rejects with `AdapterNotFound`, `ModelNotGguf`, `ModelTruncated` or `ModelUnsupported`, and says of which file. */
export async function readAdapterFile(path: string): Promise<AdapterFile> {
  try {
    return await readHeaderOf(path, 'AdapterNotFound', readAdapterHeader);
  } catch (error) {
    if (!(error instanceof AppError) || error.message.includes(path)) throw error;
    throw new AppError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}
