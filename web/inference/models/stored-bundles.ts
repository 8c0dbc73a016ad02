/** Owns the models of several files that lie in this browser, whole: what they are, and their verified files. */
import { sizeOf, type BundlePlan } from '../downloads/bundle-plan.ts';
import type { BundleFolder, BundleStore } from '../downloads/bundle-store.ts';
import { bundleJob, finishedOf, type FinishedFile } from '../downloads/download-job.ts';

export interface StoredBundle {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** As `bundleHashOf` has it. */
  readonly sha256: string;
  readonly checked: 'host' | 'none';
  readonly kind: BundlePlan['kind'];
  readonly fileCount: number;
}

/** A file under the name that it has in its model, as it was verified. */
export interface BundleFile {
  readonly file: File;
  readonly sha256: string;
}

export interface StoredBundles {
  list(): Promise<readonly StoredBundle[]>;
  /** In the order of the plan; undefined where one of them is not there any more. */
  files(id: string): Promise<readonly BundleFile[] | undefined>;
  /** Frees its bytes; nothing happens where there is none. */
  remove(id: string): Promise<void>;
}

/** In a browser `store` is the one of OPFS; no realm but the download worker adds to it. */
export function createStoredBundles(store: () => Promise<BundleStore>): StoredBundles {
  return {
    list: async () => {
      const bundles = await Promise.all((await (await store()).list()).map(describe));
      return bundles.flatMap((bundle) => bundle ?? []);
    },
    files: async (id) => {
      const folder = (await (await store()).list()).find((each) => each.id === id);
      const finished = folder && (await wholeOf(folder));
      if (!folder || !finished) return undefined;
      const files = await Promise.all(
        finished.map(async ({ manifest, sha256, finishedAs }): Promise<BundleFile | undefined> => {
          const stored = await folder.files.find(finishedAs);
          return stored && { file: new File([stored], manifest.name), sha256 };
        }),
      );
      return files.every((file) => file !== undefined) ? files : undefined;
    },
    remove: async (id) => (await store()).remove(id),
  };
}

async function describe(folder: BundleFolder): Promise<StoredBundle | undefined> {
  const { id, plan } = folder;
  const sha256 = await folder.sealed();
  if (sha256 === undefined || !(await wholeOf(folder))) return undefined;
  return {
    id,
    name: plan.name,
    sizeBytes: sizeOf(plan.files),
    sha256,
    checked: plan.files.every(({ sha256 }) => sha256 !== undefined) ? 'host' : 'none',
    kind: plan.kind,
    fileCount: plan.files.length,
  };
}

/** Undefined while a file is missing: then it is no model. */
async function wholeOf(folder: BundleFolder): Promise<readonly FinishedFile[] | undefined> {
  const { files } = folder.plan;
  const finished = await finishedOf(bundleJob(folder));
  const whole = files.flatMap(({ url }) => finished.get(url) ?? []);
  return whole.length === files.length ? whole : undefined;
}
