/** Owns which files an address stands for: one, all shards of a split GGUF, or a model that MLC compiled. */
import * as v from 'valibot';
import { AppError } from '../../../shared/errors.ts';
import { MLC_CONFIG } from '../../../shared/models/mlc-lists.ts';
import { compiledAt } from '../../../shared/models/compiled-catalogue.ts';
import { BundlePlanSchema } from './bundle-plan.ts';
import type { FetchBytes } from './fetch-range.ts';
import { fromHead, openHuggingFace, openPlainFolder, type HostFolder } from './host-folder.ts';
import { DownloadManifestSchema, type DownloadManifest } from './manifest.ts';
import { planMlc } from './plan-mlc.ts';
import { addressOf, HUGGING_FACE_FILE, resolveManifest, splitPath } from './resolve-manifest.ts';
import { splitNamesOf } from '../../../shared/inference/gguf-split-names.ts';

const DownloadPlanSchema = v.variant('kind', [
  v.object({ kind: v.literal('file'), manifest: DownloadManifestSchema }),
  v.object({ kind: v.literal('bundle'), plan: BundlePlanSchema }),
]);
export type DownloadPlan = v.InferOutput<typeof DownloadPlanSchema>;

const HUGGING_FACE = 'huggingface.co';

/** Hugging Face: a repository, or a revision of it. */
const REPOSITORY = /^\/([\w.-]+\/[\w.-]+)(?:\/(?:tree|resolve)\/([^/]+))?\/?$/;
/** Where a compiled model says itself in which folder it is; else web-llm looks into this one. */
const RESOLVED = /\/resolve\/[^/]+\/$/;

/**
 * Rejects as `resolveManifest` does, and where the files do not make a model: `DownloadRefused` for one that is missing
 * or is not what it should be, `ModelUnsupported` for what web-llm cannot load.
 */
export async function resolvePlan(
  address: string,
  fetchBytes: FetchBytes,
  signal: AbortSignal,
): Promise<DownloadPlan> {
  const url = addressOf(address);
  const resolved = await planOf(address, url, fetchBytes, signal);
  // What is written down has to be read back: a name or an address may be longer than any, a size none.
  if (v.is(DownloadPlanSchema, resolved)) return resolved;
  throw new AppError('DownloadRefused', `${url.host} tells of a file that cannot be one of a model.`);
}

async function planOf(
  address: string,
  url: URL,
  fetchBytes: FetchBytes,
  signal: AbortSignal,
): Promise<DownloadPlan> {
  const { folder, file } = await placeOf(url, fetchBytes, signal);
  if (folder && file === undefined && url.host === HUGGING_FACE) await requireCompiled(folder);
  if (folder && (file === undefined || file.endsWith('.wasm'))) {
    const known = compiledAt(url);
    const library = async (): Promise<DownloadManifest> => {
      if (!known) return folder.manifestOf(file ?? (await libraryIn(folder)));
      const elsewhere = new URL(known.library);
      return fromHead(elsewhere, splitPath(elsewhere.pathname)[1], fetchBytes, signal);
    };
    const mlc = { folder, library, fetchBytes, contextTokens: known?.contextTokens };
    return { kind: 'bundle', plan: await planMlc(mlc, signal) };
  }
  const split = folder && file !== undefined ? splitNamesOf(file) : undefined;
  if (!folder || !split) {
    const manifest = await resolveManifest(address, fetchBytes, signal);
    return { kind: 'file', manifest };
  }
  const files: DownloadManifest[] = [];
  for (const shard of split.shards) files.push(await folder.manifestOf(shard));
  return { kind: 'bundle', plan: { name: split.name, kind: { of: 'split' }, files } };
}

interface Place {
  /** Absent where one file is asked for by its own address. */
  readonly folder?: HostFolder;
  /** Of the folder; absent where all of it is meant. */
  readonly file?: string;
}

async function placeOf(url: URL, fetchBytes: FetchBytes, signal: AbortSignal): Promise<Place> {
  if (url.host === HUGGING_FACE) {
    const whole = REPOSITORY.exec(url.pathname);
    if (whole) {
      const [, repository = '', revision = 'main'] = whole;
      return { folder: await openHuggingFace({ repository, revision, folder: '' }, fetchBytes, signal) };
    }
    const [, repository = '', revision = '', path = ''] = HUGGING_FACE_FILE.exec(url.pathname) ?? [];
    const [folder, file] = splitPath(decoded(path));
    if (!standsForSeveral(file)) return {};
    return { folder: await openHuggingFace({ repository, revision, folder }, fetchBytes, signal), file };
  }
  const [path, file] = splitPath(url.pathname);
  if (file !== '' && !standsForSeveral(decoded(file))) return {};
  const base = new URL(url);
  // What stands behind a question mark is of one file: a token, a download.
  base.search = '';
  base.pathname = `${path}/`;
  if (file === '' && !RESOLVED.test(base.pathname)) base.pathname += 'resolve/main/';
  const folder = openPlainFolder(base, nameOf(base.pathname), fetchBytes, signal);
  return file === '' ? { folder } : { folder, file: decoded(file) };
}

/** The page of a repository of GGUF files is what most people have in their address bar. */
async function requireCompiled(folder: HostFolder): Promise<void> {
  const files = await folder.list();
  const [example] = files.filter((file) => file.endsWith('.gguf'));
  if (example === undefined || files.includes(MLC_CONFIG)) return;
  throw new AppError(
    'DownloadRefused',
    `${folder.name} holds GGUF files. Give the address of one of them, such as ${example}.`,
  );
}

function standsForSeveral(file: string): boolean {
  return file.endsWith('.wasm') || splitNamesOf(file) !== undefined;
}

/** Of "/models/tiny/resolve/main/": tiny. */
function nameOf(path: string): string {
  return decoded(splitPath(path.replace(RESOLVED, '').replace(/\/$/, ''))[1]) || 'model';
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new AppError('ArgumentInvalid', 'That is no address of a file.', { cause });
  }
}

async function libraryIn(folder: HostFolder): Promise<string> {
  const libraries = [...new Set((await folder.list()).filter((file) => /^[\w.-]+\.wasm$/.test(file)))];
  const [library] = libraries;
  if (library !== undefined && libraries.length === 1) return library;
  throw new AppError(
    'DownloadRefused',
    `${folder.name} shows ${libraries.length} compiled libraries (.wasm) where a model needs one; the address of one of them stands for its model too.`,
  );
}
