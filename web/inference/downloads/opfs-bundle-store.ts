/**
 * Owns bundles in OPFS: a folder each, with its plan, and in it the same two folders that files by themselves have. Needs
 * a dedicated worker.
 */
import * as v from 'valibot';
import { AppError } from '../../../shared/errors.ts';
import { createModelFiles, MODEL_FOLDER, modelFileName } from '../models/model-files.ts';
import type { WorkerFileHandle } from '../worker-file-handle.ts';
import { BundlePlanSchema, type BundlePlan } from './bundle-plan.ts';
import type { BundleFolder, BundleStore } from './bundle-store.ts';
import { createOpfsPartStore, DOWNLOAD_FOLDER } from './opfs-part-store.ts';

const FOLDER = 'bundles';
const PLAN = 'plan.json';
/** Holds what a whole bundle is known by, and nothing before. */
const SEAL = 'sha256';
/** Largest plan that is read back. */
const PLAN_BYTES = 8 * 1024 * 1024;
const SHA256_CHARS = 64;
const VERSION = 1;
const VersionSchema = v.object({ version: v.pipe(v.number(), v.integer()) });
const StoredPlanSchema = v.object({ version: v.literal(VERSION), plan: BundlePlanSchema });

export function createOpfsBundleStore(root: FileSystemDirectoryHandle): BundleStore {
  const folder = (): Promise<FileSystemDirectoryHandle> => root.getDirectoryHandle(FOLDER, { create: true });
  const opened = (id: string, plan: BundlePlan, directory: FileSystemDirectoryHandle): BundleFolder => ({
    id,
    plan,
    files: createModelFiles(directory),
    parts: createOpfsPartStore(directory, { folder: MODEL_FOLDER, nameOf: modelFileName }),
    sealed: () => readSeal(directory),
    seal: (sha256) => writeWhole(directory, SEAL, sha256 ?? ''),
  });
  return {
    list: async () => {
      const found: BundleFolder[] = [];
      for await (const [id, directory] of (await folder()).entries()) {
        if (!(directory instanceof FileSystemDirectoryHandle) || !/^[0-9a-f]{32}$/.test(id)) continue;
        // Of a newer version: left as it is, for that one.
        const plan = await readPlan(directory).catch(() => undefined);
        if (plan) found.push(opened(id, plan, directory));
      }
      return found;
    },
    open: async (id, plan) => {
      try {
        const directory = await (await folder()).getDirectoryHandle(id, { create: true });
        const first = await readPlan(directory);
        if (!first) await writePlan(directory, plan);
        return opened(id, first ?? plan, directory);
      } catch (error) {
        throw storageError(error);
      }
    },
    remove: async (id) => {
      try {
        const directory = await (await folder()).getDirectoryHandle(id);
        // What another tab is fetching refuses first, while nothing else is gone. The plan last: without it the rest would
        // be bytes that nobody lists.
        for (const name of [DOWNLOAD_FOLDER, SEAL, MODEL_FOLDER])
          await directory.removeEntry(name, { recursive: true }).catch((error: unknown) => {
            if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw error;
          });
        await (await folder()).removeEntry(id, { recursive: true });
      } catch (error) {
        if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw storageError(error);
      }
    },
  };
}

/** Undefined where there is none yet. Rejects with `StoreTooNew`. */
async function readPlan(directory: FileSystemDirectoryHandle): Promise<BundlePlan | undefined> {
  const file = await directory
    .getFileHandle(PLAN)
    .then((handle) => handle.getFile())
    .catch(() => undefined);
  if (!file || file.size > PLAN_BYTES) return undefined;
  const json = v.safeParse(v.pipe(v.string(), v.parseJson()), await file.text());
  // Cut by a crash before the first byte was fetched.
  if (!json.success) return undefined;
  const version = v.safeParse(VersionSchema, json.output);
  if (version.success && version.output.version > VERSION)
    throw new AppError('StoreTooNew', 'This model was fetched by a newer version of Persona Node.');
  const stored = v.safeParse(StoredPlanSchema, json.output);
  return stored.success ? stored.output.plan : undefined;
}

async function readSeal(directory: FileSystemDirectoryHandle): Promise<string | undefined> {
  const file = await directory
    .getFileHandle(SEAL)
    .then((handle) => handle.getFile())
    .catch(() => undefined);
  return file?.size === SHA256_CHARS ? file.text() : undefined;
}

async function writePlan(directory: FileSystemDirectoryHandle, plan: BundlePlan): Promise<void> {
  const text = JSON.stringify({ version: VERSION, plan });
  // What could not be read back would be bytes that nobody lists.
  if (new TextEncoder().encode(text).length > PLAN_BYTES)
    throw new AppError(
      'DownloadRefused',
      `The list of the files of ${plan.name} is longer than any model's.`,
    );
  await writeWhole(directory, PLAN, text);
}

async function writeWhole(directory: FileSystemDirectoryHandle, name: string, text: string): Promise<void> {
  try {
    const handle = (await directory.getFileHandle(name, { create: true })) as WorkerFileHandle;
    const access = await handle.createSyncAccessHandle();
    try {
      const bytes = new TextEncoder().encode(text);
      access.truncate(0);
      if (access.write(bytes, { at: 0 }) !== bytes.length)
        throw new AppError('StorageFailed', 'The disk is full.');
      access.flush();
    } finally {
      access.close();
    }
  } catch (error) {
    throw storageError(error);
  }
}

function storageError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof DOMException && error.name === 'NoModificationAllowedError')
    return new AppError('DownloadElsewhere', 'It is being loaded elsewhere.', { cause: error });
  const cause = error instanceof Error ? error.message : String(error);
  return new AppError('StorageFailed', `The browser could not store the download: ${cause}`, {
    cause: error,
  });
}
