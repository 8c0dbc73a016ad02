/** Owns reading the header of a model file that the browser holds, before an engine or a disk takes all of it. */
import { readGgufHeader, type GgufHeader } from '../../../shared/inference/gguf-header.ts';

/** Rejects with `ModelNotGguf`, `ModelTruncated` or `ModelUnsupported`. */
export function headerOf(file: Blob): Promise<GgufHeader> {
  const read = async (offset: number, length: number): Promise<Uint8Array> =>
    new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
  return readGgufHeader(read, file.size);
}
