/** Owns the downloads of this browser: which there are, which run, and what became of each. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError, toWireError } from '../../../shared/errors.ts';
import { bundleHashOf } from './bundle-hash.ts';
import { bundleIdOf, sizeOf } from './bundle-plan.ts';
import type { BundleFolder, BundleStore } from './bundle-store.ts';
import { downloadFile } from './download-file.ts';
import {
  AT_ONCE,
  bundleJob,
  finishedOf,
  isWorthNothing,
  notTheModel,
  runJob,
  type FinishedFile,
  type Job,
} from './download-job.ts';
import { finishedAs, type FinishedDownload } from './finished-download.ts';
import { DownloadStates, rateOf, type DownloadState } from './download-states.ts';
import type { FetchBytes } from './fetch-range.ts';
import { downloadIdOf, type DownloadManifest } from './manifest.ts';
import type { PartFile, PartStore } from './part-file.ts';
import { withDeadline } from './host-deadline.ts';
import { resolvePlan } from './resolve-plan.ts';

export interface DownloadServiceDeps {
  readonly store: PartStore;
  readonly bundles: BundleStore;
  readonly fetchBytes: FetchBytes;
  readonly clock: Clock;
  onChange(states: readonly DownloadState[]): void;
}

/** Left free for everything else that this browser keeps: memories and identities must never find the disk full. */
export const RESERVE_BYTES = 256 * 1024 * 1024;

export class DownloadService {
  readonly #deps: DownloadServiceDeps;
  readonly #states: DownloadStates;
  readonly #jobs = new Map<string, Job>();
  readonly #running = new Map<string, { readonly stop: AbortController; readonly ended: Promise<unknown> }>();

  constructor(deps: DownloadServiceDeps) {
    this.#deps = deps;
    this.#states = new DownloadStates(deps.clock, (states) => {
      deps.onChange(states);
    });
  }

  /** Shows what an earlier run of the tab left; nothing is fetched. */
  async restore(): Promise<void> {
    for (const { id, manifest, doneBytes } of await this.#deps.store.list())
      this.#restored(this.#fileJob(id, manifest), doneBytes);
    for (const folder of await this.#deps.bundles.list()) {
      const job = bundleJob(folder);
      // Whole: it is a model, and no download any more.
      if (!(await isWhole(folder, job))) this.#restored(job, await arrivedBytes(job));
    }
    this.#states.tell();
  }

  /**
   * Asks the host what is there, then fetches it, or goes on with it. Resolves with the verified model. Rejects as
   * `resolvePlan` and `runJob` do, with `StorageFailed` where it does not fit, `Aborted` when it is paused.
   */
  async start(address: string): Promise<FinishedDownload> {
    const asking = withDeadline(this.#deps.fetchBytes, this.#deps.clock);
    const resolved = await resolvePlan(address, asking, new AbortController().signal);
    if (resolved.kind === 'file')
      return this.#run(this.#fileJob(await downloadIdOf(resolved.manifest), resolved.manifest));
    const { plan } = resolved;
    const folder = await this.#deps.bundles.open(await bundleIdOf(plan), plan);
    const job = bundleJob(folder);
    const sha256 = (await isWhole(folder, job)) ? await folder.sealed() : undefined;
    // It is here already, and somebody may think with it.
    return sha256 === undefined ? this.#run(job) : finishedAs(job, sha256);
  }

  /** Goes on with a paused one. Rejects as `start` does. */
  resume(id: string): Promise<FinishedDownload> {
    const job = this.#jobs.get(id);
    if (!job) return Promise.reject(new AppError('ModelNotFound', 'There is no such download any more.'));
    return this.#run(job);
  }

  /**
   * Reads a downloaded model again and fetches anew those of its chunks that the disk has changed. Resolves with how many
   * these were. Where it stays damaged it is no model any more, but a download that can be resumed. Rejects with
   * `ModelNotFound` where it did not come by a download, else as `start` does.
   */
  async check(sha256: string, bundle?: string): Promise<number> {
    const { job, files } = await this.#finishedJob(sha256, bundle);
    if (this.#running.has(job.id))
      throw new AppError('DownloadElsewhere', `${job.name} is being loaded already.`);
    return this.#underWay(job.id, (signal) => this.#checkOnce(job, files, signal));
  }

  /** Resolves when nothing is under way any more; what has arrived is kept. */
  async pause(id: string): Promise<void> {
    const running = this.#running.get(id);
    running?.stop.abort(new AppError('Aborted', 'The download was paused.'));
    // How it ended is told to whoever started it.
    await running?.ended.catch((_told: unknown) => undefined);
  }

  /** Pauses it and deletes what has arrived. */
  async remove(id: string): Promise<void> {
    await this.pause(id);
    const { store, bundles } = this.#deps;
    await (this.#jobs.get(id)?.folder ? bundles : store).remove(id);
    this.#jobs.delete(id);
    this.#states.delete(id);
    this.#states.tell();
  }

  #fileJob(id: string, manifest: DownloadManifest): Job {
    return { id, name: manifest.name, files: [manifest], store: this.#deps.store };
  }

  #restored(job: Job, doneBytes: number): void {
    this.#jobs.set(job.id, job);
    this.#states.set({ ...described(job), doneBytes, phase: 'paused' });
  }

  async #finishedJob(
    sha256: string,
    bundle: string | undefined,
  ): Promise<{ readonly job: Job; readonly files: readonly FinishedFile[] }> {
    const { store, bundles } = this.#deps;
    if (bundle !== undefined) {
      const folder = (await bundles.list()).find(({ id }) => id === bundle);
      if (!folder) throw new AppError('ModelNotFound', 'This model is not in this browser any more.');
      const job = bundleJob(folder);
      return { job, files: [...(await finishedOf(job)).values()] };
    }
    const part = await store.reopen(sha256);
    if (!part)
      throw new AppError('ModelNotFound', 'This model did not come by a download: open its file again.');
    part.close();
    const { manifest } = part;
    const job = this.#fileJob(await downloadIdOf(manifest), manifest);
    return { job, files: [{ manifest, sha256, finishedAs: sha256 }] };
  }

  #run(job: Job): Promise<FinishedDownload> {
    if (this.#running.has(job.id))
      return Promise.reject(new AppError('DownloadElsewhere', `${job.name} is being loaded already.`));
    return this.#underWay(job.id, (signal) => this.#runOnce(job, signal));
  }

  #underWay<T>(id: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController();
    const ended = work(stop.signal).finally(() => {
      this.#running.delete(id);
      this.#states.tell();
    });
    this.#running.set(id, { stop, ended });
    return ended;
  }

  async #runOnce(job: Job, signal: AbortSignal): Promise<FinishedDownload> {
    const { fetchBytes, clock } = this.#deps;
    const { folder } = job;
    this.#jobs.set(job.id, job);
    try {
      const doneBytes = folder ? await arrivedBytes(job) : this.#states.doneBytes(job.id);
      this.#states.show({ ...described(job), doneBytes, phase: 'fetching' });
      await this.#checkSpace(job, doneBytes);
      await folder?.seal(undefined);
      const tell = this.#teller(job);
      const files = await runJob(job, { fetchBytes, clock }, tell, signal);
      const sha256 = folder
        ? await this.#sealed(job, folder, files, (read) => tell('verifying', read), signal)
        : (files[0]?.sha256 ?? '');
      this.#states.delete(job.id);
      this.#jobs.delete(job.id);
      return finishedAs(job, sha256);
    } catch (thrown) {
      const error = toAppError(thrown, 'StorageFailed');
      await this.#stopped(job, error);
      throw error;
    }
  }

  /** What it is known by from now on. Rejects where its files do not make one model: they are worth nothing then. */
  async #sealed(
    job: Job,
    folder: BundleFolder,
    files: readonly FinishedFile[],
    onBytes: (doneBytes: number) => void,
    signal: AbortSignal,
  ): Promise<string> {
    try {
      const sha256 = await bundleHashOf(folder, files, onBytes, signal);
      // Another tab may have deleted it in the meantime.
      if ((await finishedOf(job)).size < job.files.length)
        throw new AppError('DownloadBusy', `Files of ${job.name} were deleted meanwhile, in another tab.`);
      await folder.seal(sha256);
      return sha256;
    } catch (error) {
      if (!isWorthNothing(error)) throw error;
      for (const { manifest, finishedAs: name } of files) {
        const id = await downloadIdOf(manifest);
        await job.store.unfinish(id, name);
        await job.store.remove(id);
      }
      throw notTheModel(job, error);
    }
  }

  async #checkOnce(job: Job, files: readonly FinishedFile[], signal: AbortSignal): Promise<number> {
    const tell = this.#teller(job);
    let healedChunks = 0;
    let before = 0;
    for (const file of files) {
      const part = await this.#reopened(job, file);
      const onStep = (step: 'fetching' | 'verifying', doneBytes: number): void => {
        tell(step, before + doneBytes);
      };
      try {
        healedChunks += await this.#checkFile(file, part, onStep, signal);
      } catch (thrown) {
        const error = toAppError(thrown, 'StorageFailed');
        await this.#failedCheck(job, file, part, error);
        throw error;
      }
      before += file.manifest.sizeBytes;
    }
    this.#states.delete(job.id);
    return healedChunks;
  }

  async #reopened({ id, store }: Job, file: FinishedFile): Promise<PartFile> {
    try {
      const part = await store.reopen(file.finishedAs);
      if (part) return part;
      throw new AppError('ModelNotFound', `${file.manifest.name} is not in this browser any more.`);
    } catch (error) {
      this.#states.delete(id);
      throw error;
    }
  }

  /** Closes the part in any case. */
  async #checkFile(
    { manifest, sha256 }: FinishedFile,
    part: PartFile,
    onStep: (step: 'fetching' | 'verifying', doneBytes: number) => void,
    signal: AbortSignal,
  ): Promise<number> {
    const { fetchBytes, clock } = this.#deps;
    try {
      const checked = await downloadFile(
        part,
        { fetchBytes, clock, atOnce: AT_ONCE },
        ({ step, doneBytes }) => {
          onStep(step, doneBytes);
        },
        signal,
      );
      if (checked.sha256 === sha256) return checked.healedChunks;
      throw new AppError(
        'ModelTruncated',
        `${manifest.name} was damaged, and its host gives other bytes now: it has to be fetched anew.`,
      );
    } finally {
      part.close();
    }
  }

  async #failedCheck(job: Job, file: FinishedFile, part: PartFile, error: AppError): Promise<void> {
    const isWhole = part.chunks.every((chunk) => chunk !== undefined);
    if (isWhole && !isWorthNothing(error)) {
      this.#states.delete(job.id);
      return;
    }
    const id = await downloadIdOf(file.manifest);
    await job.store.unfinish(id, file.finishedAs);
    if (isWorthNothing(error)) await job.store.remove(id);
    this.#jobs.set(job.id, job);
    await this.#stopped(job, error);
  }

  async #stopped(job: Job, error: AppError): Promise<void> {
    // Of a file by itself it is known without asking the disk, which may be what failed.
    const known = isWorthNothing(error) ? 0 : this.#states.doneBytes(job.id);
    this.#states.set({
      ...described(job),
      doneBytes: job.folder ? await arrivedBytes(job).catch(() => known) : known,
      phase: 'paused',
      ...(error.code !== 'Aborted' && { error: toWireError(error) }),
    });
  }

  #teller(job: Job): (step: 'fetching' | 'verifying', doneBytes: number) => void {
    const rate = rateOf(this.#deps.clock);
    return (step, doneBytes) => {
      const bytesPerSecond = step === 'fetching' ? rate(doneBytes) : undefined;
      this.#states.show({
        ...described(job),
        doneBytes,
        phase: step,
        ...(bytesPerSecond !== undefined && { bytesPerSecond }),
      });
    };
  }

  async #checkSpace({ name, files }: Job, doneBytes: number): Promise<void> {
    const free = await this.#deps.store.freeBytes();
    const wanted = sizeOf(files) - doneBytes + RESERVE_BYTES;
    if (free >= wanted) return;
    throw new AppError(
      'StorageFailed',
      `${name} needs ${wanted} bytes with the reserve, and the browser gives this page ${free}.`,
    );
  }
}

async function isWhole(folder: BundleFolder, job: Job): Promise<boolean> {
  return (await folder.sealed()) !== undefined && (await finishedOf(job)).size === job.files.length;
}

/** Of a bundle: what a resume does not have to fetch. */
async function arrivedBytes(job: Job): Promise<number> {
  const finished = [...(await finishedOf(job)).values()];
  const arrived = (await job.store.list()).reduce((sum, { doneBytes }) => sum + doneBytes, 0);
  return arrived + sizeOf(finished.map(({ manifest }) => manifest));
}

function described({ id, name, files }: Job): Pick<DownloadState, 'id' | 'name' | 'origin' | 'sizeBytes'> {
  const [first] = files;
  return { id, name, origin: first ? new URL(first.url).origin : '', sizeBytes: sizeOf(files) };
}
