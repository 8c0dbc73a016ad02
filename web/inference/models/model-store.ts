/** Owns getting a model's file into this browser, verified, wherever it comes from. */
import { AppError } from '../../../shared/errors.ts';
import type { OnLaneProgress } from '../progress.ts';
import { downloadModel } from './download.ts';
import { unreadable } from './file-header.ts';
import type { ModelFiles } from './model-files.ts';
import type { FileSource, RememberedModel } from './model-source.ts';
import type { StoredBundles } from './stored-bundles.ts';

export interface ModelStoreDeps {
  readonly files: ModelFiles;
  readonly bundles: Pick<StoredBundles, 'files'>;
  readonly fetchBytes: typeof fetch;
  /** Rejects with `ModelNotGguf` or `ModelTruncated`; run on a dropped file before it is copied. */
  checkHeader(file: Blob): Promise<void>;
}

/** One, or the shards of a split GGUF in their order, under the names that they have in it. */
export type FilesOfModel = readonly [File, ...File[]];

export interface LocalModel {
  readonly files: FilesOfModel;
  readonly model: RememberedModel;
  /** This browser did not have it before. */
  readonly isNew: boolean;
}

/** Rejects with `ModelNotGguf`, `ModelTruncated`, `ModelNotFound`, `StorageFailed`, `BridgeDown` or `Aborted`. */
export async function obtainModel(
  source: FileSource,
  deps: ModelStoreDeps,
  onProgress: OnLaneProgress,
  signal: AbortSignal,
): Promise<LocalModel> {
  const { files, fetchBytes } = deps;
  const bytesOf = (what: string, total: number) => (done: number) => {
    onProgress({ what, done, total, unit: 'bytes' });
  };
  switch (source.kind) {
    case 'remembered': {
      const stored = await storedFiles(source.model, deps);
      if (stored) return { files: stored, model: source.model, isNew: false };
      throw new AppError('ModelNotFound', `${source.model.name} is no longer stored in this browser.`);
    }
    case 'offer': {
      const { name, sizeBytes, sha256, starter } = source.offer;
      const model = { name, sizeBytes, sha256, starter };
      const stored = await files.find(sha256);
      if (stored) return { files: [stored], model, isNew: false };
      const chunks = downloadModel(source.offer, fetchBytes, signal);
      const onBytes = bytesOf(`Fetching ${name}`, sizeBytes);
      const { file, isNew } = await files.write({ chunks, onBytes, signal }, sha256);
      return { files: [file], model, isNew };
    }
    case 'file': {
      const { name, size } = source.file;
      await deps.checkHeader(source.file);
      const onBytes = bytesOf(`Storing ${name}`, size);
      const written = await files.write({ chunks: readFile(source.file, size), onBytes, signal });
      const { sha256, file, isNew } = written;
      return { files: [file], model: { name, sizeBytes: size, sha256, starter: false }, isNew };
    }
  }
}

/** As they lie in this browser now; undefined where one is not there any more. */
export async function storedFiles(
  { sha256, bundle }: RememberedModel,
  { files, bundles }: Pick<ModelStoreDeps, 'bundles'> & { readonly files: Pick<ModelFiles, 'find'> },
): Promise<FilesOfModel | undefined> {
  const found = bundle
    ? (await bundles.files(bundle.id))?.map(({ file }) => file)
    : [await files.find(sha256)];
  const [first, ...more] = found?.filter((file) => file !== undefined) ?? [];
  return first && [first, ...more];
}

/** `size` is what it had when its header was read. */
async function* readFile(file: File, size: number): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  let count = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw unreadable(file.name, error);
      });
      if (done) break;
      count += value.byteLength;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  // Of a file that is cut meanwhile Chromium gives what is left, and no error.
  if (count !== size)
    throw new AppError(
      'ModelTruncated',
      `${file.name} was changed while it was stored: it had ${size} bytes.`,
    );
}
