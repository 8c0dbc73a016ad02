/** Owns looking into a folder that MLC compiled: which files belong to the model, and what it needs. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { AppError } from '../../shared/errors.ts';
import {
  MAX_MLC_LIST_BYTES,
  MLC_CONFIG,
  MLC_WEIGHTS,
  MlcConfigSchema,
  mlcFactsOf,
  MlcNameSchema,
  MlcWeightsSchema,
  type MlcFacts,
} from '../../shared/models/mlc-lists.ts';

export interface MlcFolder extends MlcFacts {
  readonly name: string;
  readonly sizeBytes: number;
  /** Of all files with their names: another byte is another model, also to the caches of a browser. */
  readonly sha256: string;
  /** Absolute paths by name. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * Reads every byte once, to hash it. Rejects with `ModelNotFound` where the folder or a file of it is missing,
 * `ModelTruncated` where a file of the weights is cut, `ModelUnsupported` for what web-llm cannot load.
 */
export async function readMlcFolder(folder: string, onBytes: (read: number) => void): Promise<MlcFolder> {
  const config = await readList(join(folder, MLC_CONFIG), MlcConfigSchema);
  const weights = await readList(join(folder, MLC_WEIGHTS), MlcWeightsSchema);
  const library = await libraryOf(folder);
  const shards = new Map(weights.records.map(({ dataPath, nbytes }) => [dataPath, nbytes]));
  const names = [...new Set([MLC_CONFIG, MLC_WEIGHTS, ...config.tokenizer_files, ...shards.keys(), library])];
  const hash = createHash('sha256');
  const files = new Map<string, string>();
  let sizeBytes = 0;
  for (const name of names) {
    const path = join(folder, name);
    const { size } = await stat(path).catch((cause: unknown) => {
      throw new AppError('ModelNotFound', `${folder} has no ${name}.`, { cause });
    });
    const wanted = shards.get(name);
    if (wanted !== undefined && wanted !== size)
      throw new AppError('ModelTruncated', `${path} has ${size} bytes; ${wanted} are listed.`);
    hash.update(`${name}\0${size}\0`);
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      hash.update(chunk as Buffer);
      onBytes((sizeBytes += (chunk as Buffer).length));
    }
    files.set(name, path);
  }
  return {
    name: basename(folder),
    sizeBytes,
    sha256: hash.digest('hex'),
    files,
    ...mlcFactsOf(config, library),
  };
}

async function libraryOf(folder: string): Promise<string> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new AppError('ModelNotFound', `${folder} cannot be read.`, { cause });
  });
  const libraries = names.filter((name) => name.endsWith('.wasm') && v.is(MlcNameSchema, name));
  const [library] = libraries;
  if (library === undefined || libraries.length > 1)
    throw new AppError(
      'ModelUnsupported',
      `${folder} needs one compiled library (.wasm) beside the weights; it has ${libraries.length}.`,
    );
  return library;
}

async function readList<T>(path: string, schema: v.GenericSchema<unknown, T>): Promise<T> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new AppError('ModelNotFound', `${path} is missing: the folder is no model that MLC compiled.`, {
      cause,
    });
  });
  if (found.size > MAX_MLC_LIST_BYTES)
    throw new AppError('ModelUnsupported', `${path} is larger than any such list.`);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), await readFile(path, 'utf8'));
  if (parsed.success) return parsed.output;
  throw new AppError('ModelUnsupported', `${path} is not what web-llm can load.`, {
    cause: new v.ValiError(parsed.issues),
  });
}
