/**
 * Owns the built page in memory: exact path → bytes, read once at start. A path that is not a key is not there, so no
 * request ever reaches the file system, however it is spelled.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { AppError } from '../../shared/errors.ts';

export interface StaticFile {
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly etag: string;
  readonly cacheControl: string;
}

/** Keys are request paths: `/`, `/index.html`, `/assets/…`. */
export type StaticManifest = ReadonlyMap<string, StaticFile>;

const CONTENT_TYPES: ReadonlyMap<string, string> = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.mjs', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.json', 'application/json; charset=utf-8'],
  ['.webmanifest', 'application/manifest+json; charset=utf-8'],
  ['.wasm', 'application/wasm'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.ico', 'image/x-icon'],
  ['.woff2', 'font/woff2'],
  ['.txt', 'text/plain; charset=utf-8'],
]);

/** Rejects with `BuildMissing` where there is no built page. Links are left out: the manifest holds plain files only. */
export async function readStaticManifest(folder: string): Promise<StaticManifest> {
  const files = new Map<string, StaticFile>();
  for (const file of await filesIn(folder)) {
    const path = `/${relative(folder, file).split(sep).join('/')}`;
    files.set(path, describe(path, await readFile(file)));
  }
  const index = files.get('/index.html');
  if (index === undefined) throw new AppError('BuildMissing', `There is no built page in ${folder}.`);
  files.set('/', index);
  return files;
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    throw new AppError('BuildMissing', `There is no built page in ${folder}.`, { cause: error });
  }
}

function describe(path: string, bytes: Buffer): StaticFile {
  return {
    bytes,
    contentType: CONTENT_TYPES.get(extname(path)) ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    cacheControl: cacheControlOf(path),
  };
}

/**
 * A hashed name never changes its bytes. A worker's script is asked for again all the same: its headers carry the
 * worker's policy, and a cached copy would keep the policy of the version that first served it. The policy of the
 * download worker changes with every approval.
 */
function cacheControlOf(path: string): string {
  if (path.startsWith('/assets/download-worker')) return 'no-store';
  return path.startsWith('/assets/') && !/-worker[-.]/.test(path)
    ? 'public, max-age=31536000, immutable'
    : 'no-cache';
}
