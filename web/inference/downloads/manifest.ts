/** Owns what a download promises before its first byte: the exact file, its size, and what it must turn out to be. */
import * as v from 'valibot';

export const MAX_ETAG_CHARS = 256;

export const DownloadManifestSchema = v.object({
  /** Of the very bytes: with a pinned revision where the host has revisions. */
  url: v.pipe(v.string(), v.maxLength(2048)),
  /** File name, for people. */
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
  sizeBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** Of the whole file, lower-case hex; absent where the host publishes none: then nothing can be compared. */
  sha256: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
  /** Of the same bytes as a list tells that came with them: of a shard of a compiled model, or of that list itself. */
  listed: v.optional(
    v.variant('by', [
      v.object({ by: v.literal('md5'), hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)) }),
      v.object({ by: v.literal('sha256'), hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) }),
    ]),
  ),
  /** The host's revision, for people. */
  revision: v.optional(v.pipe(v.string(), v.maxLength(128))),
  /** Strong validator of the host, where it lets us read it. */
  etag: v.optional(v.pipe(v.string(), v.maxLength(MAX_ETAG_CHARS))),
});
export type DownloadManifest = v.InferOutput<typeof DownloadManifestSchema>;

/** Names the download among those of this browser: the same file of the same revision is the same download. */
export async function downloadIdOf({ url, sizeBytes }: DownloadManifest): Promise<string> {
  const bytes = new TextEncoder().encode(`${sizeBytes} ${url}`);
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))).slice(0, 32);
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
