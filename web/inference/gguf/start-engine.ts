/** Owns starting an engine on the file of a model that this browser stored, and that may be gone by then. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import { Engine } from './engine.ts';
import { createEngineLog } from './engine-log.ts';
import { createWllamaEngine, type RawLoadSettings } from './raw-engine.ts';

/** A batch of a large model in wasm on a weak machine takes tens of seconds. */
const STALL_MS = 180_000;
const LOAD_TIMEOUT_MS = 60_000;
/** Slowest reading of a file and upload to a GPU that still counts as progress. */
const LOAD_BYTES_PER_MS = 20_000;

export interface StoredModelFile {
  readonly name: string;
  /** As it lies in this browser now; undefined where it was deleted: in another tab, or with the data of the site. */
  find(): Promise<File | undefined>;
  /** Stores it again. Rejects with `ModelNotFound` where nobody has it. */
  obtainAgain(signal: AbortSignal): Promise<File>;
}

/** Rejects as {@link Engine.load}, and with `ModelNotFound` for a file that went away. */
export async function startEngine(
  clock: Clock,
  stored: StoredModelFile,
  settings: RawLoadSettings,
  signal: AbortSignal,
): Promise<Engine> {
  // A `File` that was taken before a deletion cannot be read any more.
  const file = (await stored.find()) ?? (await stored.obtainAgain(signal));
  const log = createEngineLog();
  const loadTimeoutMs = LOAD_TIMEOUT_MS + Math.ceil(file.size / LOAD_BYTES_PER_MS);
  const deps = { raw: createWllamaEngine(log), log, clock, stallMs: STALL_MS, loadTimeoutMs };
  try {
    return await Engine.load(deps, file, settings, signal);
  } catch (error) {
    if (signal.aborted || (await stored.find())) throw error;
    throw new AppError('ModelNotFound', `${stored.name} was deleted from this browser while it was loaded.`, {
      cause: error,
    });
  }
}
