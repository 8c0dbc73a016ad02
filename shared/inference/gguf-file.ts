/** Owns the beginning of every GGUF file, whatever is in it: magic, version, counts, keys, and where the tensors lie. */
import { AppError } from '../errors.ts';
import { GgufCursor, implausible, type ReadBytes } from './gguf-cursor.ts';
import { GgufMetadata } from './gguf-metadata.ts';
import { walkTensors, type TensorTotals } from './gguf-tensors.ts';

export interface OpenGguf {
  readonly metadata: GgufMetadata;
  readonly tensorCount: number;
  readonly keyCount: number;
  readonly version: number;
  /** Holds every tensor against the size of the file; once. Rejects with `ModelTruncated` or `ModelUnsupported`. */
  walkTensors(): Promise<TensorTotals>;
}

const MAGIC = 0x46554747;
const VERSIONS: ReadonlySet<number> = new Set([2, 3]);
/** The largest mixture-of-experts files have a few thousand tensors and some hundred keys. */
export const MAX_TENSORS = 65_536;
const MAX_KEYS = 8_192;
const MAX_ALIGNMENT_BYTES = 65_536;
const DEFAULT_ALIGNMENT_BYTES = 32;

/** Rejects with `ModelNotGguf`, `ModelTruncated` or `ModelUnsupported`; a rejection of `read` passes through. */
export async function openGguf(read: ReadBytes, fileBytes: number): Promise<OpenGguf> {
  const cursor = new GgufCursor(read, fileBytes);
  if (fileBytes < 4 || (await cursor.u32()) !== MAGIC)
    throw new AppError('ModelNotGguf', 'The file is not a GGUF model: its first four bytes are not "GGUF".');
  const version = await cursor.u32();
  if (!VERSIONS.has(version))
    throw new AppError('ModelUnsupported', `The GGUF file is of version ${version}; 2 and 3 can be read.`);
  const tensorCount = await cursor.u64('a number of tensors', MAX_TENSORS);
  const keyCount = await cursor.u64('a number of keys', MAX_KEYS);
  const metadata = await GgufMetadata.walk(cursor, keyCount, (at) => new GgufCursor(read, fileBytes, at));
  return {
    metadata,
    tensorCount,
    keyCount,
    version,
    walkTensors: async () => walkTensors(cursor, tensorCount, await alignmentOf(metadata), fileBytes),
  };
}

/** Magic, version, and the two counts: what stands before the keys. */
export const GGUF_START_BYTES = 24;

/** A text of a foreign file as it is shown to the person; undefined where nothing is left of it. */
export function oneLine(text: string | undefined, maxChars: number): string | undefined {
  // eslint-disable-next-line no-control-regex -- it is about those
  const line = text?.replaceAll(/[\u0000-\u001f\u007f]+/g, ' ').trim();
  return line ? line.slice(0, maxChars) : undefined;
}

export async function alignmentOf(metadata: GgufMetadata): Promise<number> {
  const bytes = (await metadata.count('general.alignment')) ?? DEFAULT_ALIGNMENT_BYTES;
  if (bytes < 8 || bytes > MAX_ALIGNMENT_BYTES || (bytes & (bytes - 1)) !== 0)
    throw implausible(`an alignment of ${bytes} bytes`);
  return bytes;
}
