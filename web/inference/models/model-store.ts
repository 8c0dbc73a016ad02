/** Owns getting a model's file into this browser, verified, wherever it comes from. */
import { AppError } from '../../../shared/errors.ts';
import type { OnLaneProgress } from '../progress.ts';
import { downloadModel } from './download.ts';
import type { ModelFiles } from './model-files.ts';
import type { FileSource, RememberedModel } from './model-source.ts';

export interface ModelStoreDeps {
  readonly files: ModelFiles;
  readonly fetchBytes: typeof fetch;
  /** Rejects with `ModelNotGguf` or `ModelTruncated`; run on a dropped file before it is copied. */
  checkHeader(file: Blob): Promise<void>;
}

export interface LocalModel {
  readonly file: File;
  readonly model: RememberedModel;
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
      const file = await files.find(source.model.sha256);
      if (file) return { file, model: source.model };
      throw new AppError('ModelNotFound', `${source.model.name} is no longer stored in this browser.`);
    }
    case 'offer': {
      const { name, sizeBytes, sha256, starter } = source.offer;
      const model = { name, sizeBytes, sha256, starter };
      const stored = await files.find(sha256);
      if (stored) return { file: stored, model };
      const chunks = downloadModel(source.offer, fetchBytes, signal);
      const onBytes = bytesOf(`Fetching ${name}`, sizeBytes);
      const { file } = await files.write({ chunks, onBytes, signal }, sha256);
      return { file, model };
    }
    case 'file': {
      const { name, size } = source.file;
      await deps.checkHeader(source.file);
      const onBytes = bytesOf(`Storing ${name}`, size);
      const { sha256, file } = await files.write({ chunks: readBlob(source.file), onBytes, signal });
      return { file, model: { name, sizeBytes: size, sha256, starter: false } };
    }
  }
}

async function* readBlob(blob: Blob): AsyncGenerator<Uint8Array> {
  const reader = blob.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
