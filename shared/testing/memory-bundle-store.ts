/** Owns bundles in memory, with the contract of those in OPFS. */
import type { BundleFolder, BundleStore } from '../../web/inference/downloads/bundle-store.ts';
import type { BundlePlan } from '../../web/inference/downloads/bundle-plan.ts';
import { MemoryPartStore } from './memory-part-store.ts';

export interface MemoryBundle extends BundleFolder {
  readonly parts: MemoryPartStore;
}

export class MemoryBundleStore implements BundleStore {
  readonly folders = new Map<string, MemoryBundle>();

  list(): Promise<readonly MemoryBundle[]> {
    return Promise.resolve([...this.folders.values()]);
  }

  open(id: string, plan: BundlePlan): Promise<MemoryBundle> {
    const parts = new MemoryPartStore();
    const files = {
      find: (name: string): Promise<File | undefined> => {
        const bytes = parts.finished.get(name);
        return Promise.resolve(bytes && new File([Uint8Array.from(bytes)], name));
      },
    };
    let sealedAs: string | undefined;
    const sealed = (): Promise<string | undefined> => Promise.resolve(sealedAs);
    const seal = (sha256: string | undefined): Promise<void> => {
      sealedAs = sha256;
      return Promise.resolve();
    };
    const folder = this.folders.get(id) ?? { id, plan, parts, files, sealed, seal };
    this.folders.set(id, folder);
    return Promise.resolve(folder);
  }

  remove(id: string): Promise<void> {
    this.folders.delete(id);
    return Promise.resolve();
  }
}
