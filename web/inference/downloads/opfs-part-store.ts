/**
 * Owns downloaded files in OPFS. Three files each: ID.json is the manifest, ID.part the bytes, ID.chunks a record of
 * 36 bytes per whole chunk (its index, its SHA-256) that is only ever added to. When the file is whole, all three move to
 * the models. Needs a dedicated worker.
 */
import * as v from 'valibot';
import { AppError } from '../../../shared/errors.ts';
import type { ModelFileKind } from '../models/model-files.ts';
import type { SyncAccess, WorkerFileHandle } from '../worker-file-handle.ts';
import { CHUNK_BYTES, chunkCount, chunkRange } from './chunks.ts';
import { DownloadManifestSchema, toHex, type DownloadManifest } from './manifest.ts';
import type { PartFile, PartStore, StoredPart } from './part-file.ts';

export const DOWNLOAD_FOLDER = 'downloads';
const RECORD_BYTES = 36;
/** Largest manifest that is read back. */
const MANIFEST_BYTES = 16 * 1024;

/** The bytes first: a damaged file is a model for not a moment longer. */
const UNFINISHED_AS = [
  ['gguf', 'part'],
  ['chunks', 'chunks'],
  ['json', 'json'],
] as const;

/** `models` is where verified files stand, named by {@link ModelFiles}. */
export function createOpfsPartStore(
  root: FileSystemDirectoryHandle,
  models: { readonly folder: string; readonly nameOf: (name: string, kind?: ModelFileKind) => string },
): PartStore {
  const folder = (): Promise<FileSystemDirectoryHandle> =>
    root.getDirectoryHandle(DOWNLOAD_FOLDER, { create: true });
  const fileOf = async (name: string): Promise<WorkerFileHandle> =>
    (await (await folder()).getFileHandle(name, { create: true })) as WorkerFileHandle;
  const remove = async (id: string): Promise<void> => {
    const directory = await folder();
    // The manifest last: without it the rest would be bytes that nobody lists.
    for (const end of ['part', 'chunks', 'json'])
      await directory.removeEntry(`${id}.${end}`).catch((error: unknown) => {
        if (!isNamed(error, 'NotFoundError')) throw storageError(error);
      });
  };
  return {
    list: async () => {
      const stored: StoredPart[] = [];
      for await (const name of (await folder()).keys()) {
        const id = /^([0-9a-f]{32})\.json$/.exec(name)?.[1];
        const manifest = id === undefined ? undefined : await readManifest(await fileOf(name));
        if (id === undefined || !manifest) continue;
        const records = new Uint8Array(await (await (await fileOf(`${id}.chunks`)).getFile()).arrayBuffer());
        stored.push({ id, manifest, doneBytes: doneBytes(chunksIn(records, manifest), manifest) });
      }
      return stored;
    },
    open: async (id, manifest) => {
      try {
        const first = await firstManifest(await fileOf(`${id}.json`), manifest);
        return await openPart(first, await fileOf(`${id}.part`), await fileOf(`${id}.chunks`));
      } catch (error) {
        throw storageError(error);
      }
    },
    finish: async (id, name) => {
      try {
        const target = await root.getDirectoryHandle(models.folder, { create: true });
        // The bytes first: without them the rest would say of nothing that it is whole.
        await (await fileOf(`${id}.part`)).move(target, models.nameOf(name));
        await (await fileOf(`${id}.chunks`)).move(target, models.nameOf(name, 'chunks'));
        await (await fileOf(`${id}.json`)).move(target, models.nameOf(name, 'json'));
      } catch (error) {
        throw storageError(error);
      }
    },
    listFinished: async () => {
      const target = await root.getDirectoryHandle(models.folder, { create: true });
      const names = new Set<string>();
      for await (const name of target.keys()) names.add(name);
      const [json, bytes] = [models.nameOf('', 'json'), models.nameOf('')];
      return [...names]
        .filter((name) => name.endsWith(json))
        .map((name) => name.slice(0, -json.length))
        .filter((name) => names.has(name + bytes));
    },
    reopen: async (name) => {
      try {
        const target = await root.getDirectoryHandle(models.folder, { create: true });
        const kept = async (kind: ModelFileKind): Promise<WorkerFileHandle> =>
          (await target.getFileHandle(models.nameOf(name, kind))) as WorkerFileHandle;
        const manifest = await readManifest(await kept('json'));
        return manifest && (await openPart(manifest, await kept('gguf'), await kept('chunks')));
      } catch (error) {
        if (isNamed(error, 'NotFoundError')) return undefined;
        throw storageError(error);
      }
    },
    unfinish: async (id, name) => {
      // Where the same file is half here once more, the whole one is worth more.
      await remove(id);
      try {
        const from = await root.getDirectoryHandle(models.folder, { create: true });
        const to = await folder();
        for (const [kind, end] of UNFINISHED_AS) {
          const handle = (await from.getFileHandle(models.nameOf(name, kind))) as WorkerFileHandle;
          await handle.move(to, `${id}.${end}`);
        }
      } catch (error) {
        throw storageError(error);
      }
    },
    remove,
    freeBytes: async () => {
      const { quota = 0, usage = 0 } = await navigator.storage.estimate();
      return Math.max(0, quota - usage);
    },
  };
}

async function openPart(
  manifest: DownloadManifest,
  bytes: WorkerFileHandle,
  chunks: WorkerFileHandle,
): Promise<PartFile> {
  let part: SyncAccess | undefined;
  try {
    part = await bytes.createSyncAccessHandle();
    return new OpfsPartFile(manifest, part, await chunks.createSyncAccessHandle());
  } catch (error) {
    part?.close();
    if (!isNamed(error, 'NoModificationAllowedError')) throw error;
    throw new AppError('DownloadElsewhere', `${manifest.name} is being loaded elsewhere.`, { cause: error });
  }
}

class OpfsPartFile implements PartFile {
  readonly manifest: DownloadManifest;
  readonly chunks: (string | undefined)[];
  readonly #part: SyncAccess;
  readonly #records: SyncAccess;
  #recordsEnd: number;

  constructor(manifest: DownloadManifest, part: SyncAccess, records: SyncAccess) {
    this.manifest = manifest;
    this.#part = part;
    this.#records = records;
    const bytes = new Uint8Array(records.getSize());
    records.read(bytes, { at: 0 });
    this.chunks = chunksIn(bytes, manifest);
    // A record that was cut by a crash is written over.
    this.#recordsEnd = bytes.length - (bytes.length % RECORD_BYTES);
  }

  write(index: number, bytes: Uint8Array, sha256: string): void {
    const { start } = chunkRange(index, this.manifest.sizeBytes);
    try {
      if (this.#part.write(bytes, { at: start }) !== bytes.length)
        throw new AppError(
          'StorageFailed',
          `The disk took only a part of ${this.manifest.name}: it is full.`,
        );
      this.#part.flush();
      this.#record(
        index,
        Uint8Array.from(sha256.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
      );
    } catch (error) {
      throw storageError(error);
    }
    this.chunks[index] = sha256;
  }

  read(index: number): Uint8Array<ArrayBuffer> {
    const { start, end } = chunkRange(index, this.manifest.sizeBytes);
    const bytes = new Uint8Array(end - start);
    this.#part.read(bytes, { at: start });
    return bytes;
  }

  forget(index: number): void {
    this.#record(index, new Uint8Array(RECORD_BYTES - 4));
    this.chunks[index] = undefined;
  }

  close(): void {
    this.#part.close();
    this.#records.close();
  }

  #record(index: number, hash: Uint8Array): void {
    const record = new Uint8Array(RECORD_BYTES);
    new DataView(record.buffer).setUint32(0, index);
    record.set(hash, 4);
    if (this.#records.write(record, { at: this.#recordsEnd }) !== RECORD_BYTES)
      throw new AppError('StorageFailed', 'The disk is full.');
    this.#records.flush();
    this.#recordsEnd += RECORD_BYTES;
  }
}

/** The last record of a chunk counts; one without a hash says that it is to be fetched again. */
function chunksIn(records: Uint8Array<ArrayBuffer>, { sizeBytes }: DownloadManifest): (string | undefined)[] {
  const chunks = Array.from({ length: chunkCount(sizeBytes) }, (): string | undefined => undefined);
  const view = new DataView(records.buffer);
  for (let at = 0; at + RECORD_BYTES <= records.length; at += RECORD_BYTES) {
    const index = view.getUint32(at);
    const hash = records.subarray(at + 4, at + RECORD_BYTES);
    if (index < chunks.length) chunks[index] = hash.some((byte) => byte !== 0) ? toHex(hash) : undefined;
  }
  return chunks;
}

function doneBytes(chunks: readonly (string | undefined)[], { sizeBytes }: DownloadManifest): number {
  const whole = chunks.filter((hash) => hash !== undefined).length * CHUNK_BYTES;
  const last = chunkRange(chunks.length - 1, sizeBytes);
  return chunks.at(-1) === undefined ? whole : whole - CHUNK_BYTES + (last.end - last.start);
}

async function readManifest(handle: FileSystemFileHandle): Promise<DownloadManifest | undefined> {
  const file = await handle.getFile();
  if (file.size > MANIFEST_BYTES) return undefined;
  try {
    const parsed = v.safeParse(DownloadManifestSchema, JSON.parse(await file.text()));
    return parsed.success ? parsed.output : undefined;
  } catch {
    // Cut by a crash before the first byte was fetched.
    return undefined;
  }
}

/** What was promised when the first byte was fetched: where the host has other bytes since, they do not fit to these. */
async function firstManifest(
  handle: WorkerFileHandle,
  manifest: DownloadManifest,
): Promise<DownloadManifest> {
  const first = await readManifest(handle);
  if (first) return first;
  const access = await handle.createSyncAccessHandle();
  try {
    const bytes = new TextEncoder().encode(JSON.stringify(manifest));
    if (access.write(bytes, { at: 0 }) !== bytes.length)
      throw new AppError('StorageFailed', 'The disk is full.');
    access.flush();
  } finally {
    access.close();
  }
  return manifest;
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name;
}

function storageError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const cause = error instanceof Error ? error.message : String(error);
  return new AppError('StorageFailed', `The browser could not store the download: ${cause}`, {
    cause: error,
  });
}
