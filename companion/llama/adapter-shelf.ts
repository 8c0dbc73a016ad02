/** Owns which LoRA adapters there are: the files that the companion was started with, each under its hash. */
import { basename } from 'node:path';
import { MAX_ADAPTER_OFFERS, type AdapterOffer } from '../../shared/bridge/adapter-offer.ts';
import { AppError } from '../../shared/errors.ts';
import { readAdapterFile, type AdapterFile } from './adapter-file.ts';
import type { AdapterShelf } from './backend.ts';
import { sha256Of } from './model-folder.ts';
import { readingOf, type TellReading } from './told-reading.ts';

const MAX_NAME_CHARS = 256;

export interface AdapterShelfDeps extends TellReading {
  /** `--adapter`: absolute paths of GGUF files. */
  readonly paths: readonly string[];
}

/**
 * Reads every file once to hash it. Rejects with what is wrong with the first bad one: `AdapterNotFound`,
 * `ModelNotGguf`, `ModelTruncated`, `ModelUnsupported`; with `ArgumentInvalid` for more than one message can offer.
 */
export async function createAdapterShelf({ paths, ...telling }: AdapterShelfDeps): Promise<AdapterShelf> {
  if (paths.length > MAX_ADAPTER_OFFERS)
    throw new AppError('ArgumentInvalid', `--adapter can be given ${MAX_ADAPTER_OFFERS} times at most.`);
  const offers = new Map<string, AdapterOffer>();
  const files = new Map<string, AdapterFile>();
  for (const path of paths) {
    const file = await readAdapterFile(path);
    const id = await sha256Of(path, readingOf(path, file.sizeBytes, telling));
    // The same bytes under two names are one adapter.
    if (files.has(id)) continue;
    files.set(id, file);
    offers.set(id, offerOf(id, file));
  }
  return { offers: () => [...offers.values()], fileOf: (id) => files.get(id) };
}

function offerOf(id: string, { path, sizeBytes, header }: AdapterFile): AdapterOffer {
  const { name, architecture, provenance } = header;
  return {
    id,
    name: name ?? basename(path).slice(0, MAX_NAME_CHARS),
    sizeBytes,
    architecture,
    ...(provenance === undefined ? {} : { provenance }),
  };
}
