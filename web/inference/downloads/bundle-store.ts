/** Owns where bundles stand while they come and when they are whole: a folder each, so that no two share a file. */
import type { BundlePlan } from './bundle-plan.ts';
import type { ModelFiles } from '../models/model-files.ts';
import type { PartStore } from './part-file.ts';

export interface BundleFolder {
  readonly id: string;
  readonly plan: BundlePlan;
  /** Its files; each is finished by itself. */
  readonly parts: PartStore;
  /** Those that are finished, by the name they were finished under. */
  readonly files: Pick<ModelFiles, 'find'>;
  /** What it is known by since all of its files were verified; undefined while it is no model. */
  sealed(): Promise<string | undefined>;
  /** With undefined it is no model from now on. Rejects with `StorageFailed`. */
  seal(sha256: string | undefined): Promise<void>;
}

export interface BundleStore {
  /** All whose plan can be read, whole or not. */
  list(): Promise<readonly BundleFolder[]>;
  /** Begins, or goes on where it was left: the plan of the beginning stands. Rejects with `StorageFailed`. */
  open(id: string, plan: BundlePlan): Promise<BundleFolder>;
  remove(id: string): Promise<void>;
}
