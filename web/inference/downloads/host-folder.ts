/** Owns one folder of a host at one revision: which files it has, and what each of them will turn out to be. */
import * as v from 'valibot';
import { AppError } from '../../../shared/errors.ts';
import { checkStatus, hostOf, offline, type FetchBytes } from './fetch-range.ts';
import { readText } from './host-text.ts';
import { MAX_ETAG_CHARS, type DownloadManifest } from './manifest.ts';

export interface HostFolder {
  /** For people: the repository, or the folder's own name. */
  readonly name: string;
  /** Rejects as `fetchRange` does; `DownloadRefused` where there is no such file. */
  manifestOf(file: string): Promise<DownloadManifest>;
  /** Names of the files in it, where the host lists them. */
  list(): Promise<readonly string[]>;
}

/** Largest answer of a host's interface that is parsed. */
const ANSWER_BYTES = 4 * 1024 * 1024;
/** Largest page of a folder that is looked through. */
const INDEX_BYTES = 1024 * 1024;

const RevisionSchema = v.object({ sha: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)) });
const SizeSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const FilesSchema = v.array(
  v.object({
    path: v.string(),
    size: v.optional(SizeSchema),
    /** `oid` is the SHA-256 of the file's bytes. */
    lfs: v.optional(v.object({ oid: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), size: SizeSchema })),
  }),
);

export interface HuggingFaceAddress {
  /** `OWNER/NAME`. */
  readonly repository: string;
  /** A branch moves: everything is asked of the commit that it stands at. */
  readonly revision: string;
  /** Within the repository; empty for its root. */
  readonly folder: string;
}

/** Rejects as `fetchRange` does. */
export async function openHuggingFace(
  { repository, revision, folder }: HuggingFaceAddress,
  fetchBytes: FetchBytes,
  signal: AbortSignal,
): Promise<HostFolder> {
  const api = `https://huggingface.co/api/models/${repository}`;
  const { sha } = await readAnswer(
    `${api}/revision/${revision}`,
    RevisionSchema,
    repository,
    fetchBytes,
    signal,
  );
  const tree = folder === '' ? sha : `${sha}/${escaped(folder)}`;
  const files = await readAnswer(`${api}/tree/${tree}`, FilesSchema, repository, fetchBytes, signal);
  const pathOf = (file: string): string => (folder === '' ? file : `${folder}/${file}`);
  return {
    name: repository.slice(repository.indexOf('/') + 1),
    list: () =>
      Promise.resolve(files.map(({ path }) => (folder === '' ? path : path.slice(folder.length + 1)))),
    manifestOf: (file) => {
      const path = pathOf(file);
      const found = files.find((each) => each.path === path);
      const sizeBytes = found?.lfs?.size ?? found?.size;
      if (!found || sizeBytes === undefined)
        return Promise.reject(
          new AppError('DownloadRefused', `${repository} has no file ${path} at ${revision}.`),
        );
      return Promise.resolve({
        url: `https://huggingface.co/${repository}/resolve/${sha}/${escaped(path)}`,
        name: file,
        sizeBytes,
        revision: sha,
        ...(found.lfs && { sha256: found.lfs.oid }),
      });
    },
  };
}

function escaped(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** `base` ends in a slash. */
export function openPlainFolder(
  base: URL,
  name: string,
  fetchBytes: FetchBytes,
  signal: AbortSignal,
): HostFolder {
  return {
    name,
    manifestOf: (file) => fromHead(new URL(encodeURIComponent(file), base), file, fetchBytes, signal),
    list: async () => {
      // The page that servers of files make of a folder; nothing of it is shown or run.
      const page = await readText(
        base.href,
        { name, maxBytes: INDEX_BYTES, isPageFine: true },
        fetchBytes,
        signal,
      );
      return Array.from(page.matchAll(/href="(?:\.\/)?([\w%.-]{1,256})"/g), ([, file = '']) => file);
    },
  };
}

/** `Content-Length` is readable across origins without the host's leave. */
export async function fromHead(
  url: URL,
  name: string,
  fetchBytes: FetchBytes,
  signal: AbortSignal,
): Promise<DownloadManifest> {
  // With a range a browser takes no compressed answer, whose length would be another.
  const response = await fetchBytes(url.href, {
    method: 'HEAD',
    headers: { range: 'bytes=0-' },
    credentials: 'omit',
    signal,
  }).catch((cause: unknown) => {
    throw offline({ url: url.href }, cause, signal);
  });
  const sizeBytes = Number(response.headers.get('content-length') ?? Number.NaN);
  checkStatus(response, { url: url.href, name, sizeBytes }, { start: 0, end: sizeBytes });
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1)
    throw new AppError('DownloadRefused', `${url.host} does not say how large ${name} is.`);
  const etag = response.headers.get('etag');
  // A weak one may stand for other bytes; one longer than any is kept by nobody.
  const isKept = etag !== null && !etag.startsWith('W/') && etag.length <= MAX_ETAG_CHARS;
  return { url: url.href, name, sizeBytes, ...(isKept && { etag }) };
}

async function readAnswer<T>(
  url: string,
  schema: v.GenericSchema<unknown, T>,
  name: string,
  fetchBytes: FetchBytes,
  signal: AbortSignal,
): Promise<T> {
  const text = await readText(url, { name, maxBytes: ANSWER_BYTES }, fetchBytes, signal);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  if (parsed.success) return parsed.output;
  throw new AppError('DownloadRefused', `${hostOf(url)} answered something unknown about ${name}.`, {
    cause: new v.ValiError(parsed.issues),
  });
}
