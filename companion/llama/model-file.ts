/** Owns looking into a model file on disk before an engine does; of one in several files, into all of them. */
import { open, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { openGguf } from '../../shared/inference/gguf-file.ts';
import { readGgufHeader, type GgufHeader } from '../../shared/inference/gguf-header.ts';
import { splitNamesOf } from '../../shared/inference/gguf-split-names.ts';
import { joinGguf, readJoined, type GgufPart, type JoinedPiece } from '../../shared/inference/gguf-split.ts';
import { readerOf, readHeaderOf, type HeadedFile } from './header-of-file.ts';

export interface ModelFile extends HeadedFile<GgufHeader> {
  /** Set where the model lies in several files of one folder. Its size is then that of the joined file. */
  readonly split?: SplitFile;
}

export interface SplitFile {
  /** Of the joined file. */
  readonly sizeBytes: number;
  /** Of the parts, as the pieces count them. */
  readonly paths: readonly string[];
  readonly pieces: readonly JoinedPiece[];
}

/**
 * `path` may be any part of a model in several files; the others are looked for beside it, and the path that is given is
 * that of the first, by which an engine finds them all. Rejects with `ModelNotFound`, `ModelNotGguf`, `ModelTruncated`,
 * `ModelUnsupported` or `ModelIncomplete`.
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  const names = splitNamesOf(basename(path));
  if (!names || !(await isPart(path))) return readHeaderOf(path, 'ModelNotFound', readGgufHeader);
  const paths = names.shards.map((name) => join(dirname(path), name));
  const files: { readonly path: string; readonly file: FileHandle }[] = [];
  try {
    for (const each of paths) {
      const file = await open(each, 'r').catch((cause: unknown) => {
        if (isMissing(cause)) return undefined;
        throw new AppError('ModelNotFound', `${each} cannot be opened.`, { cause });
      });
      if (!file) continue;
      files.push({ path: each, file });
      if (!(await file.stat()).isFile()) throw new AppError('ModelNotFound', `${each} is not a file.`);
    }
    return await readSplit(paths[0] ?? path, files);
  } finally {
    await Promise.all(files.map(({ file }) => file.close()));
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** A name alone says nothing: people rename what they join. */
async function isPart(path: string): Promise<boolean> {
  const { header } = await readHeaderOf(path, 'ModelNotFound', async (read, fileBytes) => {
    const { metadata } = await openGguf(read, fileBytes);
    return (await metadata.count('split.count')) ?? 1;
  });
  return header > 1;
}

async function readSplit(
  first: string,
  files: readonly { readonly path: string; readonly file: FileHandle }[],
): Promise<ModelFile> {
  const parts = await Promise.all(
    files.map(async ({ path, file }): Promise<GgufPart> => {
      const { size } = await file.stat();
      return { name: basename(path), sizeBytes: size, read: readerOf(file) };
    }),
  );
  const { sizeBytes, pieces } = await joinGguf(parts);
  const header = await readGgufHeader(readJoined({ sizeBytes, pieces }, parts), sizeBytes);
  return {
    path: first,
    sizeBytes,
    header,
    split: { sizeBytes, paths: files.map(({ path }) => path), pieces },
  };
}
