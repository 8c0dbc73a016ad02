/** Owns which files a model consists of that MLC compiled, from its two lists, which are read before anything else. */
import * as v from 'valibot';
import { AppError } from '../../../shared/errors.ts';
import {
  MAX_MLC_LIST_BYTES,
  MLC_CONFIG,
  MLC_WEIGHTS,
  MlcConfigSchema,
  mlcFactsOf,
  MlcNameSchema,
  mlcNeedsOf,
  MlcWeightsSchema,
} from '../../../shared/models/mlc-lists.ts';
import type { BundlePlan } from './bundle-plan.ts';
import { hostOf, type FetchBytes } from './fetch-range.ts';
import type { HostFolder } from './host-folder.ts';
import { readText } from './host-text.ts';
import { inParallel } from './in-parallel.ts';
import { toHex, type DownloadManifest } from './manifest.ts';

export interface MlcPlanDeps {
  readonly folder: HostFolder;
  /** Asked for when the lists are good. */
  library(): Promise<DownloadManifest>;
  readonly fetchBytes: FetchBytes;
  /** What the catalogue bounds it to. */
  readonly contextTokens: number | undefined;
}

/** Questions under way at once. */
const AT_ONCE = 4;
/** Of one that runs everywhere else: the largest have 20 MB. */
const MAX_LIBRARY_BYTES = 256 * 1024 * 1024;

/** Rejects as `fetchRange` does; `ModelUnsupported` for lists that web-llm could not work with. */
export async function planMlc(
  { folder, fetchBytes, contextTokens, ...deps }: MlcPlanDeps,
  signal: AbortSignal,
): Promise<BundlePlan> {
  const config = await readList(MLC_CONFIG, MlcConfigSchema, folder, fetchBytes, signal);
  const weights = await readList(MLC_WEIGHTS, MlcWeightsSchema, folder, fetchBytes, signal);
  const library = await deps.library();
  if (library.sizeBytes > MAX_LIBRARY_BYTES || !v.is(MlcNameSchema, library.name))
    throw new AppError('ModelUnsupported', `${library.name} is larger or named otherwise than any library.`);
  const files = new Map<string, DownloadManifest>([
    [MLC_CONFIG, config.manifest],
    [MLC_WEIGHTS, weights.manifest],
    [library.name, library],
  ]);
  for (const name of config.list.tokenizer_files)
    if (!files.has(name)) files.set(name, await folder.manifestOf(name));
  const { records } = weights.list;
  const shards = new Map<string, DownloadManifest>();
  await inParallel(
    AT_ONCE,
    records,
    async ({ dataPath }) => {
      shards.set(dataPath, await folder.manifestOf(dataPath));
    },
    signal,
  );
  for (const { dataPath, nbytes, md5sum } of records) {
    const manifest = shards.get(dataPath);
    if (files.has(dataPath) || !manifest)
      throw new AppError('ModelUnsupported', `The ${MLC_WEIGHTS} of ${folder.name} lists ${dataPath} twice.`);
    if (manifest.sizeBytes !== nbytes)
      throw new AppError(
        'DownloadRefused',
        `${hostOf(manifest.url)} has ${manifest.sizeBytes} bytes of ${dataPath}; ${MLC_WEIGHTS} lists ${nbytes}.`,
      );
    files.set(dataPath, {
      ...manifest,
      ...(md5sum !== undefined && { listed: { by: 'md5', hash: md5sum } }),
    });
  }
  const facts = mlcFactsOf(config.list, library.name, contextTokens);
  return {
    name: folder.name,
    kind: { of: 'mlc', facts, needs: mlcNeedsOf(config.list, facts.contextTokens) },
    files: [...files.values()],
  };
}

/** The list, and a manifest that holds the download to the very text that was read. */
async function readList<T>(
  name: string,
  schema: v.GenericSchema<unknown, T>,
  folder: HostFolder,
  fetchBytes: FetchBytes,
  signal: AbortSignal,
): Promise<{ readonly list: T; readonly manifest: DownloadManifest }> {
  const manifest = await folder.manifestOf(name);
  const host = hostOf(manifest.url);
  if (manifest.sizeBytes > MAX_MLC_LIST_BYTES)
    throw new AppError('ModelUnsupported', `The ${name} of ${host} is larger than any such list.`);
  const text = await readText(manifest.url, { name, maxBytes: manifest.sizeBytes }, fetchBytes, signal);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  if (!parsed.success)
    throw new AppError('ModelUnsupported', `The ${name} of ${host} is not what web-llm can load.`, {
      cause: new v.ValiError(parsed.issues),
    });
  const hash = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
  return { list: parsed.output, manifest: { ...manifest, listed: { by: 'sha256', hash } } };
}
