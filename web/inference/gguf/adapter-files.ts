/** Owns getting the files of LoRA adapters into this browser: from the companion, verified, and no more than have room. */
import { PATHS } from '../../../shared/bridge/protocol.ts';
import { AppError } from '../../../shared/errors.ts';
import { readAdapterHeader } from '../../../shared/inference/genome/adapter-header.ts';
import { createAdmission, inSlot } from '../../../shared/inference/admission.ts';
import type { ReadBytes } from '../../../shared/inference/gguf-cursor.ts';
import type { AdapterFolder } from './adapter-folder.ts';

export interface AdapterFilesDeps {
  readonly folder: AdapterFolder;
  readonly fetchBytes: typeof fetch;
  readonly model: { readonly name: string; readonly architecture: string };
}

export interface KeptAdapter {
  readonly id: string;
  readonly sizeBytes: number;
  readonly writtenMs: number;
}

/** No list shows them, so nobody else frees them: above this the first fetched go. */
export const MAX_KEPT_BYTES = 1024 * 1024 * 1024;

/** Gives the file of an adapter by its id. Rejects with `AdapterNotFound`, `AdapterMismatch`, `StorageFailed`, `BridgeDown`, … */
export function createAdapterFiles(
  deps: AdapterFilesDeps,
): (id: string, signal: AbortSignal) => Promise<File> {
  const { folder, model } = deps;
  // Two that need the same one would fetch it twice.
  const admission = createAdmission(1);
  return (id, signal) =>
    inSlot(admission, { signal, life: signal }, async () => {
      const file = (await folder.find(id)) ?? (await fetchAdapter(id, deps, signal));
      const { architecture } = await readAdapterHeader(readerOf(file), file.size);
      if (architecture !== model.architecture)
        throw new AppError(
          'AdapterMismatch',
          `The adapter is for models of the kind "${architecture}"; ${model.name} is "${model.architecture}".`,
        );
      return file;
    });
}

function readerOf(file: Blob): ReadBytes {
  return async (offset, length) => new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
}

async function fetchAdapter(
  id: string,
  { folder, fetchBytes }: AdapterFilesDeps,
  signal: AbortSignal,
): Promise<File> {
  const chunks = bytesOf(id, fetchBytes, signal);
  try {
    const { file } = await folder.write({ chunks, onBytes: () => undefined, signal }, id);
    await freeFirst(folder, id);
    return file;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ModelTruncated') throw error;
    throw new AppError('AdapterNotFound', "The adapter's file is another one than it was at the start.", {
      cause: error,
    });
  }
}

async function freeFirst(folder: AdapterFolder, newest: string): Promise<void> {
  const kept = await folder.list();
  let bytes = kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const { id, sizeBytes } of kept.toSorted((one, other) => one.writtenMs - other.writtenMs)) {
    if (bytes <= MAX_KEPT_BYTES) return;
    if (id === newest) continue;
    await folder.remove(id);
    bytes -= sizeBytes;
  }
}

async function* bytesOf(
  id: string,
  fetchBytes: typeof fetch,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const unreachable = (cause: unknown): AppError =>
    new AppError('BridgeDown', 'Fetching an adapter from the companion failed.', { cause });
  const response = await fetchBytes(PATHS.adapters + id, { signal }).catch((cause: unknown) => {
    throw unreachable(cause);
  });
  if (!response.ok || !response.body)
    throw new AppError(
      'AdapterNotFound',
      `The companion does not give out the adapter: HTTP ${response.status}.`,
    );
  try {
    for await (const bytes of response.body) yield bytes;
  } catch (cause) {
    throw unreachable(cause);
  }
}
