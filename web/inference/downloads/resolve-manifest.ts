/** Owns finding out what is behind an address before its first byte: the exact revision, size and published hash. */
import * as v from 'valibot';
import { AppError } from '../../../shared/errors.ts';
import { checkStatus, hostOf, offline, type FetchBytes } from './fetch-range.ts';
import type { DownloadManifest } from './manifest.ts';

/** Hugging Face: `/OWNER/REPO/resolve/REVISION/PATH`, or the same with `blob`, as its pages show it. */
const HUGGING_FACE = /^\/([\w.-]+\/[\w.-]+)\/(?:resolve|blob)\/([^/]+)\/(.+)$/;
/** Largest answer of a host's interface that is parsed. */
const ANSWER_BYTES = 4 * 1024 * 1024;

const RevisionSchema = v.object({ sha: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)) });
const FilesSchema = v.array(
  v.object({
    path: v.string(),
    size: v.optional(v.number()),
    /** `oid` is the SHA-256 of the file's bytes. */
    lfs: v.optional(v.object({ oid: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), size: v.number() })),
  }),
);

/**
 * `https` only, or `http` on this machine. Rejects with `ArgumentInvalid` for what is no such address, else as
 * `fetchRange` does.
 */
export async function resolveManifest(
  address: string,
  fetchBytes: FetchBytes,
  signal: AbortSignal,
): Promise<DownloadManifest> {
  const url = addressOf(address);
  const published = url.host === 'huggingface.co' ? HUGGING_FACE.exec(url.pathname) : null;
  if (!published) return fromHead(url, fetchBytes, signal);
  const [, repository = '', revision = '', path = ''] = published;
  return fromHuggingFace({ repository, revision, path: decodeURIComponent(path) }, fetchBytes, signal);
}

export function addressOf(address: string): URL {
  const url = URL.canParse(address.trim()) ? new URL(address.trim()) : undefined;
  const isHere = url !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname);
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && isHere)))
    throw new AppError('ArgumentInvalid', 'That is no address of a file: it begins with https://.');
  if (url.username !== '' || url.password !== '')
    throw new AppError('ArgumentInvalid', 'An address with a password in it is not taken.');
  url.hash = '';
  return url;
}

async function fromHuggingFace(
  { repository, revision, path }: { repository: string; revision: string; path: string },
  fetchBytes: FetchBytes,
  signal: AbortSignal,
): Promise<DownloadManifest> {
  const api = `https://huggingface.co/api/models/${repository}`;
  const name = nameOf(path);
  const pinned = await readJson(`${api}/revision/${revision}`, RevisionSchema, name, fetchBytes, signal);
  const folder = path.includes('/') ? `/${path.slice(0, path.lastIndexOf('/'))}` : '';
  const files = await readJson(`${api}/tree/${pinned.sha}${folder}`, FilesSchema, name, fetchBytes, signal);
  const file = files.find((each) => each.path === path);
  const sizeBytes = file?.lfs?.size ?? file?.size;
  if (!file || sizeBytes === undefined)
    throw new AppError('DownloadRefused', `${repository} has no file ${path} at ${revision}.`);
  const escaped = path.split('/').map(encodeURIComponent).join('/');
  return {
    url: `https://huggingface.co/${repository}/resolve/${pinned.sha}/${escaped}`,
    name,
    sizeBytes,
    revision: pinned.sha,
    ...(file.lfs && { sha256: file.lfs.oid }),
  };
}

async function readJson<T>(
  url: string,
  schema: v.GenericSchema<unknown, T>,
  name: string,
  fetchBytes: FetchBytes,
  signal: AbortSignal,
): Promise<T> {
  const response = await fetchBytes(url, { credentials: 'omit', signal }).catch((cause: unknown) => {
    throw offline({ url }, cause, signal);
  });
  checkStatus(response, { url, name, sizeBytes: 0 }, { start: 0, end: 0 });
  const text = await response.text();
  const odd = (cause?: unknown): AppError =>
    new AppError('DownloadRefused', `${hostOf(url)} answered something unknown about ${name}.`, { cause });
  if (text.length > ANSWER_BYTES) throw odd();
  try {
    return v.parse(schema, JSON.parse(text));
  } catch (cause) {
    throw odd(cause);
  }
}

/** `Content-Length` is readable across origins without the host's leave. */
async function fromHead(url: URL, fetchBytes: FetchBytes, signal: AbortSignal): Promise<DownloadManifest> {
  const name = nameOf(url.pathname);
  const response = await fetchBytes(url.href, { method: 'HEAD', credentials: 'omit', signal }).catch(
    (cause: unknown) => {
      throw offline({ url: url.href }, cause, signal);
    },
  );
  const sizeBytes = Number(response.headers.get('content-length') ?? Number.NaN);
  checkStatus(response, { url: url.href, name, sizeBytes }, { start: 0, end: sizeBytes });
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1)
    throw new AppError('DownloadRefused', `${url.host} does not say how large ${name} is.`);
  const etag = response.headers.get('etag');
  // A weak one may stand for other bytes.
  return { url: url.href, name, sizeBytes, ...(etag !== null && !etag.startsWith('W/') && { etag }) };
}

function nameOf(path: string): string {
  const last = path.slice(path.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(last).slice(0, 256) || 'model.gguf';
  } catch {
    return 'model.gguf';
  }
}
