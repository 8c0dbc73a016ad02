/** Owns looking into a model file on disk before an engine does. */
import { readGgufHeader, type GgufHeader } from '../../shared/inference/gguf-header.ts';
import { readHeaderOf, type HeadedFile } from './header-of-file.ts';

export type ModelFile = HeadedFile<GgufHeader>;

/** Rejects with `ModelNotFound`, `ModelNotGguf`, `ModelTruncated` or `ModelUnsupported`. */
export function readModelFile(path: string): Promise<ModelFile> {
  return readHeaderOf(path, 'ModelNotFound', readGgufHeader);
}
