/** Owns the models that this person can think with: what lies in this browser, what the companion has, what is coming. */
import type { EndpointOffer } from '../../../shared/bridge/endpoint.ts';
import type { FoundModel } from '../../../shared/bridge/found-models.ts';
import type { Ready } from '../../../shared/bridge/protocol.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { LaneReport } from '../../../shared/inference/lane.ts';
import { AppError, fromWireError, toAppError } from '../../../shared/errors.ts';
import type { FinishedDownload } from '../../inference/downloads/finished-download.ts';
import type { DownloadState } from '../../inference/downloads/download-states.ts';
import type { Downloads } from '../../inference/downloads/downloads.ts';
import type { ModelFiles } from '../../inference/models/model-files.ts';
import type { KnownModel, ModelSource } from '../../inference/models/model-source.ts';
import type { StoredBundles } from '../../inference/models/stored-bundles.ts';
import type { LaneProgress, OnLaneProgress } from '../../inference/progress.ts';
import { oneAfterAnother } from '../one-after-another.ts';
import type { SettingsStore } from '../storage/stores.ts';
import type { DownloadView, ModelCheckView, ModelsView, StoredModelView } from '../view.ts';
import { troubleOf } from '../view/trouble.ts';
import { KeptModels } from './kept-models.ts';
import type { ModelFits } from './model-fits.ts';

export interface ModelLibraryDeps {
  readonly settings: SettingsStore;
  readonly files: () => Promise<Pick<ModelFiles, 'find' | 'remove'>>;
  readonly bundles: StoredBundles;
  readonly downloads: Pick<Downloads, 'open' | 'start' | 'resume' | 'check' | 'pause' | 'remove' | 'close'>;
  readonly clock: Clock;
  /** Undefined while there is no session. */
  ready(): Ready | undefined;
  /** Files of other programs; empty while there is no session. */
  found(): Promise<readonly FoundModel[]>;
  /** The person's own server, as the companion found it last. */
  endpoint(): EndpointOffer | undefined;
  freeBytes(): Promise<number>;
  readonly fits: Pick<ModelFits, 'withFits' | 'suggested' | 'loaded' | 'failed' | 'compiled'>;
  /** The companion has the file from now on, under the name it comes with. */
  copyToCompanion(file: File, onProgress: OnLaneProgress, signal: AbortSignal): Promise<unknown>;
  onChange(models: ModelsView): void;
}

export class ModelLibrary {
  readonly #deps: ModelLibraryDeps;
  readonly #kept: KeptModels;
  readonly #shown = oneAfterAnother();
  #view: ModelsView = { stored: [], downloads: [] };
  #inUse: string | undefined;
  #found: readonly FoundModel[] = [];
  /** By SHA-256, of this visit. */
  readonly #lastChecks = new Map<string, ModelCheckView>();
  /** By SHA-256. */
  readonly #copies = new Map<string, LaneProgress>();
  readonly #end = new AbortController();

  constructor(deps: ModelLibraryDeps) {
    this.#deps = deps;
    this.#kept = new KeptModels(deps);
  }

  /** Shows what is there; downloads that the last visit left are shown as paused. */
  async open(): Promise<void> {
    await this.#deps.downloads.open();
    await this.show();
  }

  close(): void {
    this.#end.abort(new AppError('Aborted', 'The node is stopped.'));
    this.#deps.downloads.close();
  }

  onDownloads(states: readonly DownloadState[]): void {
    const downloads = states.map(({ error, ...state }): DownloadView => ({
      ...state,
      ...(error && { trouble: troubleOf(fromWireError(error), this.#deps.clock) }),
    }));
    this.#tell({ downloads });
  }

  /** Which of them the personas think with now. */
  async using(known: KnownModel, report: LaneReport): Promise<void> {
    if (known.kind === 'endpoint') this.#inUse = known.model.id;
    else {
      const { bundle, ...model } = known.model;
      this.#inUse = model.sha256;
      // A file that was opened in the tab lies in this browser since.
      if (!bundle && (await (await this.#deps.files()).find(model.sha256)))
        await this.#kept.keep({ ...model, checked: 'none' });
    }
    await this.#deps.fits.loaded(known, report);
    await this.show();
  }

  /** No lane could load this one. */
  async notLoaded(...failure: Parameters<ModelFits['failed']>): Promise<void> {
    await this.#deps.fits.failed(...failure);
    await this.show();
  }

  /** Resolves when the file is here and verified. Rejects as {@link Downloads.start}. */
  async download(address: string): Promise<void> {
    await this.#finished(this.#deps.downloads.start(address));
  }

  async resume(id: string): Promise<void> {
    await this.#finished(this.#deps.downloads.resume(id));
  }

  /** Reads it again as {@link DownloadService.check}; `LaneBusy` while anybody thinks with it. */
  async check(sha256: string): Promise<void> {
    this.#refuseInUse(sha256);
    try {
      const bundle = (await this.#kept.find(sha256))?.model.bundle;
      const healedChunks = await unlessAborted(this.#deps.downloads.check(sha256, bundle?.id));
      if (healedChunks === undefined) return;
      this.#lastChecks.set(sha256, { atMs: this.#deps.clock.nowMs(), healedChunks });
    } finally {
      // Where it stayed damaged it is a download now.
      await this.show();
    }
  }

  /** Of one in this browser, also while somebody thinks with it; asked for twice at once it is copied once. */
  async copy(sha256: string): Promise<void> {
    const file = await this.#kept.file(sha256);
    if (this.#copies.has(sha256)) return;
    const onProgress = (progress: LaneProgress): void => {
      this.#copies.set(sha256, progress);
      const copying = { copying: progress };
      this.#tell({
        stored: this.#view.stored.map((each) => (each.id === sha256 ? { ...each, ...copying } : each)),
      });
    };
    onProgress({ what: 'Copying to the companion', done: 0, total: file.size, unit: 'bytes' });
    try {
      await this.#deps.copyToCompanion(file, onProgress, this.#end.signal);
    } finally {
      this.#copies.delete(sha256);
      await this.show();
    }
  }

  pause(id: string): Promise<void> {
    return this.#deps.downloads.pause(id);
  }

  removeDownload(id: string): Promise<void> {
    return this.#deps.downloads.remove(id);
  }

  /** Of a stored model's id. Rejects with `ModelNotFound`. */
  async source(id: string): Promise<ModelSource> {
    const offer = this.#deps.ready()?.models.find((each) => each.sha256 === id);
    if (offer) return { kind: 'offer', offer };
    const endpoint = this.#deps.endpoint();
    const remote = endpoint?.models.find((each) => each.id === id);
    if (endpoint && remote)
      return { kind: 'endpoint', model: { id, name: remote.name, address: endpoint.address } };
    const found = this.#found.find((each) => each.id === id);
    if (found) return { kind: 'found', found };
    const kept = await this.#kept.find(id);
    if (!kept) throw new AppError('ModelNotFound', 'That model is not here any more.');
    return { kind: 'remembered', model: kept.model };
  }

  /** Frees its bytes in this browser. Rejects with `LaneBusy` while anybody thinks with it. */
  async remove(sha256: string): Promise<void> {
    this.#refuseInUse(sha256);
    if (this.#copies.has(sha256)) throw new AppError('LaneBusy', 'It is being copied to the companion.');
    await this.#kept.remove(sha256);
    await this.show();
  }

  /** One after another: of two at once the older knowledge could be shown last. */
  show(): Promise<void> {
    return this.#shown(() => this.#show());
  }

  async #show(): Promise<void> {
    const session = this.#deps.ready();
    const endpoint = this.#deps.endpoint();
    const inUse = (id: string): boolean => id === this.#inUse;
    const here = (await this.#kept.list()).map(({ model, checked, fileCount }): StoredModelView => {
      const { name, sizeBytes, sha256 } = model;
      const lastCheck = this.#lastChecks.get(sha256);
      const copying = this.#copies.get(sha256);
      return {
        id: sha256,
        name,
        sizeBytes,
        place: 'browser',
        checked,
        inUse: inUse(sha256),
        ...(lastCheck && { lastCheck }),
        ...(copying && { copying }),
        ...(fileCount !== undefined && { fileCount }),
        ...(model.bundle?.mlc && { isCompiled: true }),
        isCopied: (session?.models ?? []).some((offer) => offer.sha256 === sha256),
      };
    });
    const there = (session?.models ?? [])
      .filter(({ sha256 }) => !here.some(({ id }) => id === sha256))
      .map(({ name, sizeBytes, sha256 }): StoredModelView => ({
        id: sha256,
        name,
        sizeBytes,
        place: 'companion',
        checked: 'none',
        inUse: inUse(sha256),
      }));
    this.#found = await this.#deps.found();
    const elsewhere = this.#found.map(({ id, name, sizeBytes, owner }): StoredModelView => ({
      id,
      name,
      sizeBytes,
      place: 'found',
      owner,
      checked: 'none',
      inUse: false,
    }));
    const remote = (endpoint?.models ?? []).map(({ id, name }): StoredModelView => ({
      id,
      name,
      sizeBytes: 0,
      place: 'endpoint',
      checked: 'none',
      inUse: inUse(id),
    }));
    const { address, server } = endpoint ?? {};
    const { fits } = this.#deps;
    this.#tell({
      stored: await fits.withFits([...there, ...here, ...elsewhere, ...remote], await this.#kept.bundles()),
      suggested: await fits.suggested(),
      compiled: await fits.compiled(),
      freeBytes: await this.#deps.freeBytes(),
      endpoint: address === undefined || server === undefined ? undefined : { address, server },
      gatedToken: session?.gatedToken,
    });
  }

  #tell(change: Partial<ModelsView>): void {
    this.#view = { ...this.#view, ...change };
    this.#deps.onChange(this.#view);
  }

  async #finished(arriving: Promise<FinishedDownload>): Promise<void> {
    const finished = await unlessAborted(arriving);
    if (!finished) return;
    const { verified, bundle, ...file } = finished;
    if (bundle === undefined) await this.#kept.keep({ ...file, starter: false, checked: verified });
    await this.show();
  }

  /** Rejects with `LaneBusy` while anybody thinks with one of its models. */
  refuseEndpointInUse(): void {
    for (const { id } of this.#deps.endpoint()?.models ?? []) this.#refuseInUse(id);
  }

  #refuseInUse(id: string): void {
    if (id === this.#inUse)
      throw new AppError('LaneBusy', 'The personas think with it: let them use another model first.');
  }
}

/** Undefined for what the person stopped: that is no failure. */
async function unlessAborted<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (toAppError(error).code === 'Aborted') return undefined;
    throw error;
  }
}
