/**
 * Owns what web-llm finds in its cache of a model that we fetched: the verified files of this browser, each under the
 * address that web-llm asks for. They are kept once, in OPFS, and web-llm itself gets nothing from a network.
 */
import { AppError } from '../../../shared/errors.ts';
import { toHex } from '../downloads/manifest.ts';
import type { BundleFile } from '../models/stored-bundles.ts';

/** As much of an answer from a cache as web-llm 0.2.86 reads. */
export interface CachedAnswer {
  arrayBuffer(): Promise<ArrayBuffer>;
  json(): Promise<unknown>;
}

/** As much of a cache as web-llm 0.2.86 uses. */
export interface StoredCache {
  match(request: Request | string): Promise<CachedAnswer | undefined>;
  add(request: Request | string): Promise<void>;
  keys(): Promise<readonly { readonly url: string }[]>;
  delete(request: Request | string): Promise<boolean>;
}

export interface StoredCaches {
  /** Its three caches by name; ours is one. */
  open(name: string): Promise<StoredCache>;
}

/** `folder` ends in a slash. */
export function createStoredCaches(folder: string, files: readonly BundleFile[]): StoredCaches {
  const stored = new Map(files.map((each) => [folder + each.file.name, each]));
  const cache: StoredCache = {
    match: (request) => {
      const found = stored.get(urlOf(request));
      return Promise.resolve(found && answerOf(found));
    },
    // What it does not find it would fetch.
    add: (request) => {
      const name = urlOf(request).replace(folder, '');
      return Promise.reject(
        new AppError(
          'ModelUnsupported',
          `web-llm asks for ${name}, which is not among the files of the model.`,
        ),
      );
    },
    keys: () => Promise.resolve(Array.from(stored.keys(), (url) => ({ url }))),
    // The library of models deletes them, all at once.
    delete: () => Promise.resolve(false),
  };
  return { open: () => Promise.resolve(cache) };
}

/** web-llm does not look whether its weights are what was compiled: every byte is held against our hash as it is read. */
function answerOf({ file, sha256 }: BundleFile): CachedAnswer {
  const verified = async (): Promise<ArrayBuffer> => {
    const bytes = await file.arrayBuffer().catch((cause: unknown) => {
      // All of a file is in memory at once: web-llm takes no less.
      if (cause instanceof RangeError)
        throw new AppError('ModelTooLarge', `There was no memory for ${file.name}.`, { cause });
      throw new AppError('ModelNotFound', `${file.name} cannot be read any more.`, { cause });
    });
    const present = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
    if (present === sha256) return bytes;
    throw new AppError(
      'ModelTruncated',
      `The disk has changed ${file.name} since it was fetched. "Check" under "Models" mends it.`,
    );
  };
  return {
    arrayBuffer: verified,
    json: async () => JSON.parse(new TextDecoder().decode(await verified())) as unknown,
  };
}

function urlOf(request: Request | string): string {
  return typeof request === 'string' ? request : request.url;
}
