/** Owns the models that this person can think with: what lies in this browser, what the companion has, what is coming. */
import * as v from 'valibot';
import type { EndpointOffer } from '../../../shared/bridge/endpoint.ts';
import type { FoundModel } from '../../../shared/bridge/found-models.ts';
import type { Ready } from '../../../shared/bridge/protocol.ts';
import type { Clock } from '../../../shared/clock.ts';
import { AppError, fromWireError, toAppError } from '../../../shared/errors.ts';
import type { DownloadState, FinishedDownload } from '../../inference/downloads/download-service.ts';
import type { Downloads } from '../../inference/downloads/downloads.ts';
import type { ModelFiles } from '../../inference/models/model-files.ts';
import type { KnownModel, ModelSource } from '../../inference/models/model-source.ts';
import type { LaneProgress, OnLaneProgress } from '../../inference/progress.ts';
import { oneAfterAnother } from '../one-after-another.ts';
import type { SettingsStore } from '../storage/stores.ts';
import type { DownloadView, ModelCheckView, ModelsView, StoredModelView } from '../view.ts';
import { troubleOf } from '../view/trouble.ts';
import type { ModelFits } from './model-fits.ts';

export interface ModelLibraryDeps {
  readonly settings: SettingsStore;
  readonly files: () => Promise<Pick<ModelFiles, 'find' | 'remove'>>;
  readonly downloads: Pick<Downloads, 'open' | 'start' | 'resume' | 'check' | 'pause' | 'remove' | 'close'>;
  readonly clock: Clock;
  /** Undefined while there is no session. */
  ready(): Ready | undefined;
  /** Files of other programs; empty while there is no session. */
  found(): Promise<readonly FoundModel[]>;
  /** The person's own server, as the companion found it last. */
  endpoint(): EndpointOffer | undefined;
  freeBytes(): Promise<number>;
  readonly fits: Pick<ModelFits, 'withFits' | 'suggested'>;
  /** The companion has the file from now on, under the name it comes with. */
  copyToCompanion(file: File, onProgress: OnLaneProgress, signal: AbortSignal): Promise<unknown>;
  onChange(models: ModelsView): void;
}

const KEY = 'models';

const RowSchema = v.array(
  v.object({
    name: v.string(),
    sizeBytes: v.number(),
    sha256: v.string(),
    starter: v.boolean(),
    checked: v.picklist(['host', 'none']),
  }),
);
type Row = v.InferOutput<typeof RowSchema>[number];

export class ModelLibrary {
  readonly #deps: ModelLibraryDeps;
  /** Two changes of the row at once would lose one. */
  readonly #inTurn = oneAfterAnother();
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
  async using(known: KnownModel): Promise<void> {
    if (known.kind === 'endpoint') this.#inUse = known.model.id;
    else {
      const { model } = known;
      this.#inUse = model.sha256;
      // A file that was opened in the tab lies in this browser since.
      if (await (await this.#deps.files()).find(model.sha256))
        await this.#keep({ ...model, checked: 'none' });
    }
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
      const healedChunks = await unlessAborted(this.#deps.downloads.check(sha256));
      if (healedChunks === undefined) return;
      this.#lastChecks.set(sha256, { atMs: this.#deps.clock.nowMs(), healedChunks });
    } finally {
      // Where it stayed damaged it is a download now.
      await this.show();
    }
  }

  /** Of one in this browser, also while somebody thinks with it; asked for twice at once it is copied once. */
  async copy(sha256: string): Promise<void> {
    const row = (await this.#rows()).find((each) => each.sha256 === sha256);
    const file = await (await this.#deps.files()).find(sha256);
    if (!row || !file) throw new AppError('ModelNotFound', 'That model is not in this browser any more.');
    if (this.#copies.has(sha256)) return;
    const onProgress = (progress: LaneProgress): void => {
      this.#copies.set(sha256, progress);
      const copying = { copying: progress };
      this.#tell({
        stored: this.#view.stored.map((each) => (each.id === sha256 ? { ...each, ...copying } : each)),
      });
    };
    onProgress({ what: 'Copying to the companion', done: 0, total: row.sizeBytes, unit: 'bytes' });
    try {
      await this.#deps.copyToCompanion(new File([file], row.name), onProgress, this.#end.signal);
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
    const row = (await this.#rows()).find((each) => each.sha256 === id);
    if (!row) throw new AppError('ModelNotFound', 'That model is not here any more.');
    const { name, sizeBytes, sha256, starter } = row;
    return { kind: 'remembered', model: { name, sizeBytes, sha256, starter } };
  }

  /** Frees its bytes in this browser. Rejects with `LaneBusy` while anybody thinks with it. */
  async remove(sha256: string): Promise<void> {
    this.#refuseInUse(sha256);
    if (this.#copies.has(sha256)) throw new AppError('LaneBusy', 'It is being copied to the companion.');
    await (await this.#deps.files()).remove(sha256);
    await this.#change((rows) => rows.filter((row) => row.sha256 !== sha256));
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
    const here = (await this.#rows()).map(({ name, sizeBytes, sha256, checked }): StoredModelView => {
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
    this.#tell({
      stored: await this.#deps.fits.withFits([...there, ...here, ...elsewhere, ...remote]),
      suggested: await this.#deps.fits.suggested(),
      freeBytes: await this.#deps.freeBytes(),
      endpoint: address === undefined || server === undefined ? undefined : { address, server },
    });
  }

  #tell(change: Partial<ModelsView>): void {
    this.#view = { ...this.#view, ...change };
    this.#deps.onChange(this.#view);
  }

  async #finished(arriving: Promise<FinishedDownload>): Promise<void> {
    const finished = await unlessAborted(arriving);
    if (!finished) return;
    const { verified, ...file } = finished;
    await this.#keep({ ...file, starter: false, checked: verified });
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

  #keep(row: Row): Promise<void> {
    return this.#change((rows) => (rows.some(({ sha256 }) => sha256 === row.sha256) ? rows : [...rows, row]));
  }

  #change(change: (rows: readonly Row[]) => readonly Row[]): Promise<void> {
    return this.#inTurn(async () => {
      await this.#deps.settings.put(KEY, change(await this.#rows()));
    });
  }

  async #rows(): Promise<readonly Row[]> {
    const parsed = v.safeParse(RowSchema, await this.#deps.settings.get(KEY));
    if (!parsed.success) return [];
    // The browser may have taken a file back, or the person has cleared its data.
    const files = await this.#deps.files();
    const present = await Promise.all(parsed.output.map(({ sha256 }) => files.find(sha256)));
    return parsed.output.filter((_row, index) => present[index] !== undefined);
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
