/** Owns finding out what is behind an address before its first byte: the exact revision, size and published hash. */
import { AppError } from '../../../shared/errors.ts';
import type { FetchBytes } from './fetch-range.ts';
import { fromHead, openHuggingFace } from './host-folder.ts';
import type { DownloadManifest } from './manifest.ts';

/** Hugging Face: `/OWNER/REPO/resolve/REVISION/PATH`, or the same with `blob`, as its pages show it. */
export const HUGGING_FACE_FILE = /^\/([\w.-]+\/[\w.-]+)\/(?:resolve|blob)\/([^/]+)\/(.+)$/;
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
  const published = url.host === 'huggingface.co' ? HUGGING_FACE_FILE.exec(url.pathname) : null;
  if (!published) return fromHead(url, nameOf(url.pathname), fetchBytes, signal);
  const [, repository = '', revision = '', path = ''] = published;
  const [folder, file] = splitPath(decodeURIComponent(path));
  return (await openHuggingFace({ repository, revision, folder }, fetchBytes, signal)).manifestOf(file);
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

export function splitPath(path: string): readonly [folder: string, file: string] {
  const at = path.lastIndexOf('/');
  return [path.slice(0, Math.max(0, at)), path.slice(at + 1)];
}

function nameOf(path: string): string {
  const last = path.slice(path.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(last).slice(0, 256) || 'model.gguf';
  } catch {
    return 'model.gguf';
  }
}
