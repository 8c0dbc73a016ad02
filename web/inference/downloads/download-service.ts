/** Owns the downloads of this browser: which there are, which run, and what became of each. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError, toWireError, type WireError } from '../../../shared/errors.ts';
import { downloadFile } from './download-file.ts';
import type { FetchBytes } from './fetch-range.ts';
import { downloadIdOf, type DownloadManifest } from './manifest.ts';
import type { PartFile, PartStore } from './part-file.ts';
import { resolveManifest } from './resolve-manifest.ts';

/** One download as it is now; plain data. */
export interface DownloadState {
  readonly id: string;
  readonly name: string;
  /** Of its host. */
  readonly origin: string;
  readonly sizeBytes: number;
  readonly doneBytes: number;
  readonly phase: 'paused' | 'fetching' | 'verifying';
  /** Over the last seconds, while fetching. */
  readonly bytesPerSecond?: number;
  /** Why it does not go on. */
  readonly error?: WireError;
}

/** A verified file that this browser now has. */
export interface FinishedDownload {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  /** `host`: the host published this hash and it was compared; `none`: it published none. */
  readonly verified: 'host' | 'none';
}

export interface DownloadServiceDeps {
  readonly store: PartStore;
  readonly fetchBytes: FetchBytes;
  readonly clock: Clock;
  onChange(states: readonly DownloadState[]): void;
}

/** Left free for everything else that this browser keeps: memories and identities must never find the disk full. */
export const RESERVE_BYTES = 256 * 1024 * 1024;
/** A rate over less jumps with every part that arrives. */
const RATE_WINDOW_MS = 4_000;
/** Telling more often only costs. */
const TELL_EVERY_MS = 250;

export class DownloadService {
  readonly #deps: DownloadServiceDeps;
  readonly #states = new Map<string, DownloadState>();
  readonly #manifests = new Map<string, DownloadManifest>();
  readonly #running = new Map<string, { readonly stop: AbortController; readonly ended: Promise<unknown> }>();
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #cancelTelling: (() => void) | undefined;

  constructor(deps: DownloadServiceDeps) {
    this.#deps = deps;
  }

  /** Shows what an earlier run of the tab left; nothing is fetched. */
  async restore(): Promise<void> {
    for (const { id, manifest, doneBytes } of await this.#deps.store.list()) {
      this.#manifests.set(id, manifest);
      this.#states.set(id, { ...described(id, manifest), doneBytes, phase: 'paused' });
    }
    this.#tell();
  }

  /**
   * Asks the host what is there, then fetches it, or goes on with it. Resolves with the verified file. Rejects as
   * `resolveManifest` and `downloadFile` do, with `StorageFailed` where it does not fit, `Aborted` when it is paused.
   */
  async start(address: string): Promise<FinishedDownload> {
    const manifest = await resolveManifest(address, this.#deps.fetchBytes, new AbortController().signal);
    return this.#run(await downloadIdOf(manifest), manifest);
  }

  /** Goes on with a paused one. Rejects as `start` does. */
  resume(id: string): Promise<FinishedDownload> {
    const manifest = this.#manifests.get(id);
    if (!manifest)
      return Promise.reject(new AppError('ModelNotFound', 'There is no such download any more.'));
    return this.#run(id, manifest);
  }

  /**
   * Reads a downloaded model again and fetches anew those of its chunks that the disk has changed. Resolves with how many
   * these were. Where it stays damaged it is no model any more, but a download that can be resumed. Rejects with
   * `ModelNotFound` where it did not come by a download, else as `start` does.
   */
  async check(sha256: string): Promise<number> {
    const part = await this.#deps.store.reopen(sha256);
    if (!part)
      throw new AppError('ModelNotFound', 'This model did not come by a download: open its file again.');
    const { manifest } = part;
    const id = await downloadIdOf(manifest);
    if (this.#running.has(id)) {
      part.close();
      throw new AppError('DownloadElsewhere', `${manifest.name} is being loaded already.`);
    }
    return this.#underWay(id, (signal) => this.#checkOnce(id, sha256, part, signal));
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
    await this.#deps.store.remove(id);
    this.#manifests.delete(id);
    this.#states.delete(id);
    this.#tell();
  }

  #run(id: string, manifest: DownloadManifest): Promise<FinishedDownload> {
    if (this.#running.has(id))
      return Promise.reject(new AppError('DownloadElsewhere', `${manifest.name} is being loaded already.`));
    return this.#underWay(id, (signal) => this.#runOnce(id, manifest, signal));
  }

  #underWay<T>(id: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController();
    const ended = work(stop.signal).finally(() => {
      this.#running.delete(id);
      this.#tell();
    });
    this.#running.set(id, { stop, ended });
    return ended;
  }

  async #runOnce(id: string, manifest: DownloadManifest, signal: AbortSignal): Promise<FinishedDownload> {
    const { store } = this.#deps;
    this.#manifests.set(id, manifest);
    try {
      const { doneBytes = 0 } = this.#states.get(id) ?? {};
      this.#show(id, { ...described(id, manifest), doneBytes, phase: 'fetching' });
      await this.#checkSpace(manifest, doneBytes);
      const { sha256 } = await this.#fetch(id, await store.open(id, manifest), signal);
      await store.finish(id, sha256);
      this.#states.delete(id);
      this.#manifests.delete(id);
      const { name, sizeBytes } = manifest;
      return { name, sizeBytes, sha256, verified: manifest.sha256 === undefined ? 'none' : 'host' };
    } catch (thrown) {
      const error = toAppError(thrown, 'StorageFailed');
      await this.#stopped(id, manifest, error);
      throw error;
    }
  }

  async #checkOnce(id: string, sha256: string, part: PartFile, signal: AbortSignal): Promise<number> {
    const { manifest } = part;
    try {
      const checked = await this.#fetch(id, part, signal);
      if (checked.sha256 !== sha256)
        throw new AppError(
          'ModelTruncated',
          `${manifest.name} was damaged, and its host gives other bytes now: it has to be fetched anew.`,
        );
      this.#states.delete(id);
      return checked.healedChunks;
    } catch (thrown) {
      const error = toAppError(thrown, 'StorageFailed');
      const isWhole = part.chunks.every((chunk) => chunk !== undefined);
      if (isWhole && error.code !== 'ModelTruncated') this.#states.delete(id);
      else {
        await this.#deps.store.unfinish(id, sha256);
        this.#manifests.set(id, manifest);
        await this.#stopped(id, manifest, error);
      }
      throw error;
    }
  }

  /** Closes the part in any case. */
  async #fetch(id: string, part: PartFile, signal: AbortSignal): ReturnType<typeof downloadFile> {
    const { fetchBytes, clock } = this.#deps;
    const { manifest } = part;
    const rate = rateOf(clock);
    try {
      return await downloadFile(
        part,
        { fetchBytes, clock },
        ({ step, doneBytes }) => {
          const bytesPerSecond = step === 'fetching' ? rate(doneBytes) : undefined;
          this.#show(id, {
            ...described(id, manifest),
            doneBytes,
            phase: step,
            ...(bytesPerSecond !== undefined && { bytesPerSecond }),
          });
        },
        signal,
      );
    } finally {
      part.close();
    }
  }

  async #stopped(id: string, manifest: DownloadManifest, error: AppError): Promise<void> {
    // Bytes that are not the host's own file are worth nothing: the next start begins anew.
    if (error.code === 'ModelTruncated') await this.#deps.store.remove(id);
    const { doneBytes = 0 } = this.#states.get(id) ?? {};
    this.#states.set(id, {
      ...described(id, manifest),
      doneBytes: error.code === 'ModelTruncated' ? 0 : doneBytes,
      phase: 'paused',
      ...(error.code !== 'Aborted' && { error: toWireError(error) }),
    });
  }

  async #checkSpace({ name, sizeBytes }: DownloadManifest, doneBytes: number): Promise<void> {
    const free = await this.#deps.store.freeBytes();
    const wanted = sizeBytes - doneBytes + RESERVE_BYTES;
    if (free >= wanted) return;
    throw new AppError(
      'StorageFailed',
      `${name} needs ${wanted} bytes with the reserve, and the browser gives this page ${free}.`,
    );
  }

  #show(id: string, state: DownloadState): void {
    const before = this.#states.get(id);
    this.#states.set(id, state);
    const nowMs = this.#deps.clock.monotonicMs();
    if (before?.phase !== state.phase || nowMs - this.#toldAtMs >= TELL_EVERY_MS) this.#tell();
    // A line that stands still would else be shown with what it had a moment before.
    else this.#cancelTelling ??= this.#deps.clock.after(TELL_EVERY_MS, () => this.#tell());
  }

  #tell(): void {
    this.#cancelTelling?.();
    this.#cancelTelling = undefined;
    this.#toldAtMs = this.#deps.clock.monotonicMs();
    this.#deps.onChange([...this.#states.values()]);
  }
}

function described(
  id: string,
  { name, url, sizeBytes }: DownloadManifest,
): Pick<DownloadState, 'id' | 'name' | 'origin' | 'sizeBytes'> {
  return { id, name, origin: new URL(url).origin, sizeBytes };
}

function rateOf(clock: Clock): (doneBytes: number) => number | undefined {
  const marks: { atMs: number; doneBytes: number }[] = [];
  return (doneBytes) => {
    const atMs = clock.monotonicMs();
    if (atMs - (marks.at(-1)?.atMs ?? 0) >= TELL_EVERY_MS / 2 || marks.length === 0)
      marks.push({ atMs, doneBytes });
    while (marks.length > 2 && atMs - (marks[1]?.atMs ?? atMs) > RATE_WINDOW_MS) marks.shift();
    const [first] = marks;
    if (!first || atMs - first.atMs < 2 * TELL_EVERY_MS) return undefined;
    return Math.max(0, (1000 * (doneBytes - first.doneBytes)) / (atMs - first.atMs));
  };
}
