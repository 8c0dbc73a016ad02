/** Owns what a model of several files is before its first byte: which files belong to it, and what makes them one. */
import * as v from 'valibot';
import { MlcFactsSchema } from '../../../shared/models/mlc-lists.ts';
import { ModelNeedsSchema } from '../../../shared/models/model-needs.ts';
import { DownloadManifestSchema, toHex } from './manifest.ts';

/** Shards of the largest compiled models, and the files beside them. */
export const MAX_BUNDLE_FILES = 4_128;

export const BundlePlanSchema = v.object({
  /** For people. */
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
  kind: v.variant('of', [
    /** A GGUF file in several, in their order. */
    v.object({ of: v.literal('split') }),
    v.object({ of: v.literal('mlc'), facts: MlcFactsSchema, needs: ModelNeedsSchema }),
  ]),
  /** Of one revision where the host has revisions; no two of one name. */
  files: v.pipe(v.array(DownloadManifestSchema), v.minLength(1), v.maxLength(MAX_BUNDLE_FILES)),
});
export type BundlePlan = v.InferOutput<typeof BundlePlanSchema>;

/** The same files of the same revision are the same bundle. */
export async function bundleIdOf({ files }: BundlePlan): Promise<string> {
  const text = files.map(({ sizeBytes, url }) => `${sizeBytes} ${url}`).join('\n');
  return (await sha256Of(`bundle\n${text}`)).slice(0, 32);
}

/** What the whole is known by, as a file is by the hash of its bytes. */
export async function bundleHashOf(
  files: readonly { readonly manifest: { readonly name: string }; readonly sha256: string }[],
): Promise<string> {
  return sha256Of(files.map(({ manifest, sha256 }) => `${sha256} ${manifest.name}`).join('\n'));
}

async function sha256Of(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
}

export function sizeOf(files: readonly { readonly sizeBytes: number }[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
