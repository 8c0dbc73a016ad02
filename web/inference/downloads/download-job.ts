/** Owns fetching all files of one download: a few at once, each put in place as soon as it is verified. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError, type ErrorCode } from '../../../shared/errors.ts';
import type { BundleFolder } from './bundle-store.ts';
import { downloadFile, type DownloadStep } from './download-file.ts';
import type { FetchBytes } from './fetch-range.ts';
import { inParallel } from './in-parallel.ts';
import { downloadIdOf, type DownloadManifest } from './manifest.ts';
import type { PartFile, PartStore } from './part-file.ts';
import { requireShard } from './split-check.ts';

/** One download as the person sees it: a file, or a bundle of them. */
export interface Job {
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly files: readonly DownloadManifest[];
  /** Of a bundle. */
  readonly folder?: BundleFolder;
  /** Where its files come and stand. */
  readonly store: PartStore;
}

export interface FinishedFile {
  readonly manifest: DownloadManifest;
  readonly sha256: string;
  /** As {@link PartStore.finish} takes it. */
  readonly finishedAs: string;
}

export interface JobDeps {
  readonly fetchBytes: FetchBytes;
  readonly clock: Clock;
}

export type OnJobStep = (step: DownloadStep['step'], doneBytes: number) => void;

/** Hosts answer a few at once faster than one. */
export const AT_ONCE = 4;

/** Resolves with all its files, verified and in place. Rejects as {@link downloadFile}; what is in place stays. */
export async function runJob(
  job: Job,
  deps: JobDeps,
  onStep: OnJobStep,
  signal: AbortSignal,
): Promise<readonly FinishedFile[]> {
  const { store } = job;
  const finished = await finishedOf(job);
  const missing = job.files.filter((manifest) => !finished.has(manifest.url));
  const tell = progressOf(job, onStep);
  for (const { manifest } of finished.values()) tell(manifest, 'verifying', manifest.sizeBytes);
  const atOnce = Math.max(1, Math.floor(AT_ONCE / missing.length));
  await inParallel(
    AT_ONCE,
    missing,
    async (manifest, within) => {
      const id = await downloadIdOf(manifest);
      const part = await store.open(id, manifest);
      const sha256 = await fetchPart(job, part, { ...deps, atOnce }, tell, within).catch(
        async (error: unknown) => {
          // Bytes that are not the host's own file are worth nothing: the next start begins anew.
          if (isWorthNothing(error)) await store.remove(id);
          throw job.folder && isWorthNothing(error) ? notTheModel(job, error) : error;
        },
      );
      const finishedAs = finishedName(job, id, sha256);
      await store.finish(id, finishedAs);
      finished.set(manifest.url, { manifest, sha256, finishedAs });
    },
    signal,
  );
  return job.files.flatMap(({ url }) => finished.get(url) ?? []);
}

export function bundleJob(folder: BundleFolder): Job {
  const { id, plan, parts } = folder;
  return { id, name: plan.name, files: plan.files, folder, store: parts };
}

const WORTH_NOTHING: ReadonlySet<ErrorCode> = new Set([
  'ModelTruncated',
  'ModelNotGguf',
  'ModelUnsupported',
  'ModelIncomplete',
]);

/** Files of several that do not make the model: the host is to blame, and not a file that the person has. */
export function notTheModel({ name }: Job, thrown: unknown): AppError {
  const { code, message } = toAppError(thrown);
  // Its own list, or its own hash, is of other bytes than it sends.
  const newCode = code === 'ModelTruncated' ? 'DownloadChanged' : 'DownloadRefused';
  return new AppError(newCode, `The files of ${name} do not make a model: ${message}`, { cause: thrown });
}

/** What came is not what was to come. */
export function isWorthNothing(error: unknown): boolean {
  return WORTH_NOTHING.has(toAppError(error).code);
}

/** Closes the part in any case. */
async function fetchPart(
  job: Job,
  part: PartFile,
  deps: JobDeps & { readonly atOnce: number },
  tell: ReturnType<typeof progressOf>,
  signal: AbortSignal,
): Promise<string> {
  try {
    const onStep = ({ step, doneBytes }: DownloadStep): void => {
      tell(part.manifest, step, doneBytes);
    };
    const { sha256 } = await downloadFile(part, deps, onStep, signal);
    if (job.folder?.plan.kind.of === 'split') {
      const index = job.files.findIndex(({ url }) => url === part.manifest.url);
      await requireShard(part, index, job.files.length);
    }
    return sha256;
  } finally {
    part.close();
  }
}

/** By address. A file by itself is no download any more once it is finished. */
export async function finishedOf({ folder, files, store }: Job): Promise<Map<string, FinishedFile>> {
  const finished = new Map<string, FinishedFile>();
  if (!folder) return finished;
  const names = new Map((await store.listFinished()).map((name) => [name.slice(0, name.indexOf('-')), name]));
  for (const manifest of files) {
    const finishedAs = names.get(await downloadIdOf(manifest));
    const sha256 = finishedAs?.slice(finishedAs.indexOf('-') + 1);
    if (finishedAs !== undefined && sha256 !== undefined)
      finished.set(manifest.url, { manifest, sha256, finishedAs });
  }
  return finished;
}

/** In a bundle with what it is of it: two of its files may have the same bytes. */
function finishedName({ folder }: Job, fileId: string, sha256: string): string {
  return folder ? `${fileId}-${sha256}` : sha256;
}

/** Of all files together: their sum never goes back, and they are checked once all that is left is checking. */
function progressOf(
  { folder, files }: Job,
  onStep: OnJobStep,
): (file: DownloadManifest, step: DownloadStep['step'], doneBytes: number) => void {
  const done = new Map<string, { readonly step: DownloadStep['step']; readonly bytes: number }>();
  return ({ url, sizeBytes }, step, doneBytes) => {
    done.set(url, { step, bytes: folder && step === 'verifying' ? sizeBytes : doneBytes });
    const all = [...done.values()];
    const isChecking = all.length === files.length && all.every((each) => each.step === 'verifying');
    onStep(
      isChecking ? 'verifying' : 'fetching',
      all.reduce((sum, { bytes }) => sum + bytes, 0),
    );
  };
}
