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
  const bytes = new TextEncoder().encode(`bundle\n${text}`);
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))).slice(0, 32);
}

export function sizeOf(files: readonly { readonly sizeBytes: number }[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
