/** Owns the folder of uploaded models: a file under its final name is whole, checked, and named by its own hash. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { uuidV4, type RandomSource } from '../../shared/random.ts';
import { readModelFile, type ModelFile } from './model-file.ts';

export interface StoredModel extends ModelFile {
  /** Lower-case hex. */
  readonly sha256: string;
}

const MAGIC = new TextEncoder().encode('GGUF');
const FINISHED = /^([0-9a-f]{64})\.gguf$/;
const UNFINISHED = /^[0-9a-f-]{36}\.part$/;

export interface ModelFolder {
  /** Every whole model; what an interrupted upload left behind is deleted first. Unreadable files are left out. */
  sweep(): Promise<StoredModel[]>;
  /**
   * Rejects with `ModelNotGguf`, `ModelTruncated`, `ModelUnsupported`, `StorageFailed` or the signal's reason, and
   * leaves no file behind then.
   */
  store(body: AsyncIterable<Uint8Array>, sizeBytes: number, signal: AbortSignal): Promise<StoredModel>;
}

export function createModelFolder(folder: string, random: RandomSource): ModelFolder {
  return {
    sweep: async () => {
      const models: StoredModel[] = [];
      for (const name of await readdir(folder).catch(() => [])) {
        if (UNFINISHED.test(name)) await rm(join(folder, name), { force: true });
        const sha256 = FINISHED.exec(name)?.[1];
        const file = sha256 && (await readModelFile(join(folder, name)).catch(() => undefined));
        if (file) models.push({ ...file, sha256 });
      }
      return models;
    },
    store: async (body, sizeBytes, signal) => {
      await prepare(folder, sizeBytes);
      const part = join(folder, `${uuidV4(random)}.part`);
      try {
        const sha256 = await write(part, body, sizeBytes, signal);
        const { header } = await readModelFile(part);
        const path = join(folder, `${sha256}.gguf`);
        // The same bytes may be there already, and open in the engine: Windows would not let them be replaced.
        if (await readModelFile(path).catch(() => undefined)) await rm(part);
        else await rename(part, path);
        return { path, sizeBytes, header, sha256 };
      } catch (error) {
        await rm(part, { force: true });
        if (error instanceof AppError) throw error;
        signal.throwIfAborted();
        throw new AppError('StorageFailed', 'The model file could not be written.', { cause: error });
      }
    },
  };
}

/** Lower-case hex of a whole file. */
export async function sha256Of(path: string, onBytes: (read: number) => void): Promise<string> {
  const hash = createHash('sha256');
  let read = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer);
    onBytes((read += (chunk as Buffer).length));
  }
  return hash.digest('hex');
}

async function prepare(folder: string, sizeBytes: number): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < sizeBytes)
      throw new AppError('StorageFailed', `The disk has less than the ${sizeBytes} bytes of the model free.`);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('StorageFailed', `${folder} cannot be used.`, { cause: error });
  }
}

async function write(
  path: string,
  body: AsyncIterable<Uint8Array>,
  sizeBytes: number,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  try {
    let written = 0;
    for await (const chunk of body) {
      signal.throwIfAborted();
      if (written < MAGIC.length) requireMagic(chunk, written);
      written += chunk.length;
      if (written > sizeBytes)
        throw new AppError('MessageTooLarge', 'The upload is longer than it was announced.');
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    signal.throwIfAborted();
    if (written < sizeBytes)
      throw new AppError('ModelTruncated', `The upload ended after ${written} of ${sizeBytes} bytes.`);
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

/** What is no GGUF is refused with its first bytes, and not after gigabytes. */
function requireMagic(chunk: Uint8Array, from: number): void {
  for (let at = from; at < MAGIC.length && at - from < chunk.length; at += 1)
    if (chunk[at - from] !== MAGIC[at])
      throw new AppError(
        'ModelNotGguf',
        'The file is not a GGUF model: its first four bytes are not "GGUF".',
      );
}
