/** Owns what is told of a download that became a model. */
import { sizeOf } from './bundle-plan.ts';
import type { Job } from './download-job.ts';

/** A verified model that this browser now has. */
export interface FinishedDownload {
  readonly name: string;
  readonly sizeBytes: number;
  /** Of a bundle as `bundleHashOf` has it. */
  readonly sha256: string;
  /** `host`: the host published this hash and it was compared; `none`: it published none. */
  readonly verified: 'host' | 'none';
  /** Id of the bundle, for a model of several files. */
  readonly bundle?: string;
}

export function finishedAs({ id, name, files, folder }: Job, sha256: string): FinishedDownload {
  return {
    name,
    sizeBytes: sizeOf(files),
    sha256,
    verified: files.every((manifest) => manifest.sha256 !== undefined) ? 'host' : 'none',
    ...(folder && { bundle: id }),
  };
}
