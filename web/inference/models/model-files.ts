/**
 * Owns the model files of this browser: one OPFS folder, each file named by the SHA-256 of its bytes and in place only
 * when that was verified. Needs a dedicated worker: the synchronous handles do not exist elsewhere.
 */
import { createSHA256 } from 'hash-wasm';
import { AppError } from '../../../shared/errors.ts';
import type { WorkerFileHandle } from '../worker-file-handle.ts';

export interface WriteOptions {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Bytes written so far. */
  readonly onBytes: (written: number) => void;
  readonly signal: AbortSignal;
}

export interface ModelFiles {
  /** The verified file with this hash, or undefined. */
  find(sha256: string): Promise<File | undefined>;
  /** Frees its bytes; nothing happens where there is none. `StorageFailed` while an engine reads it. */
  remove(sha256: string): Promise<void>;
  /**
   * Writes the bytes, hashing them on the way, and puts the file in place under its hash. With `expected`, other bytes
   * are refused (`ModelTruncated`). A failed write leaves nothing behind. `StorageFailed` when the disk is full.
   */
  write(options: WriteOptions, expected?: string): Promise<WrittenFile>;
}

export interface WrittenFile {
  readonly sha256: string;
  readonly file: File;
  /** It was not here before. */
  readonly isNew: boolean;
}

/** In OPFS; a finished download moves its file there. */
export const MODEL_FOLDER = 'models';
const PART = '.part';

/** `root` is `navigator.storage.getDirectory()`. One writer at a time: the worker that owns the engine. */
export function createModelFiles(root: FileSystemDirectoryHandle, name = MODEL_FOLDER): ModelFiles {
  const folder = (): Promise<FileSystemDirectoryHandle> => root.getDirectoryHandle(name, { create: true });
  const find = async (sha256: string): Promise<File | undefined> => {
    try {
      const handle = await (await folder()).getFileHandle(modelFileName(sha256));
      return await handle.getFile();
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotFoundError') return undefined;
      throw storageError(error);
    }
  };
  return {
    find,
    remove: async (sha256) => {
      const directory = await folder();
      for (const kind of ['gguf', 'chunks', 'json'] as const)
        await directory.removeEntry(modelFileName(sha256, kind)).catch((error: unknown) => {
          if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw storageError(error);
        });
    },
    write: async (options, expected) => {
      const directory = await folder().catch((error: unknown) => {
        throw storageError(error);
      });
      await sweep(directory);
      const partName = `${crypto.randomUUID()}${PART}`;
      try {
        const part = (await directory.getFileHandle(partName, { create: true })) as WorkerFileHandle;
        const sha256 = await writeHashed(part, options);
        if (expected !== undefined && sha256 !== expected) {
          throw new AppError(
            'ModelTruncated',
            'The bytes that arrived are not those of the model: the hash differs.',
          );
        }
        const isNew = (await find(sha256)) === undefined;
        await part.move(modelFileName(sha256));
        return { sha256, file: await part.getFile(), isNew };
      } catch (error) {
        await directory.removeEntry(partName).catch(() => undefined);
        if (options.signal.aborted) {
          throw new AppError('Aborted', 'Storing the model was stopped.', { cause: error });
        }
        throw storageError(error);
      }
    },
  };
}

async function writeHashed(part: WorkerFileHandle, options: WriteOptions): Promise<string> {
  const hash = await createSHA256();
  const access = await part.createSyncAccessHandle();
  try {
    let written = 0;
    for await (const chunk of options.chunks) {
      options.signal.throwIfAborted();
      if (access.write(chunk, { at: written }) !== chunk.byteLength)
        throw new AppError('StorageFailed', 'The disk took only a part of the model: it is full.');
      hash.update(chunk);
      written += chunk.byteLength;
      options.onBytes(written);
    }
    access.flush();
  } finally {
    // While it is open, an engine that reads the file gets an error.
    access.close();
  }
  return hash.digest('hex');
}

/** What a killed tab left half written; its name says nothing about its bytes, so it cannot be resumed. */
async function sweep(directory: FileSystemDirectoryHandle): Promise<void> {
  const leftovers: string[] = [];
  for await (const name of directory.keys()) if (name.endsWith(PART)) leftovers.push(name);
  // One that another worker is writing is locked, and stays.
  await Promise.all(leftovers.map((name) => directory.removeEntry(name).catch(() => undefined)));
}

/** The bytes; and of a downloaded one its manifest and the hashes of its chunks. */
export type ModelFileKind = 'gguf' | 'json' | 'chunks';

/** A verified file's name in {@link MODEL_FOLDER}. */
export function modelFileName(sha256: string, kind: ModelFileKind = 'gguf'): string {
  return `${sha256}.${kind}`;
}

function storageError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const cause = error instanceof Error ? error.message : String(error);
  return new AppError('StorageFailed', `The browser could not store the model: ${cause}`, { cause: error });
}
