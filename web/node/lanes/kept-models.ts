/** Owns which models are kept in this browser: files by themselves as they were noted, bundles as the disk has them. */
import * as v from 'valibot';
import { AppError } from '../../../shared/errors.ts';
import type { ModelFiles } from '../../inference/models/model-files.ts';
import type { RememberedModel } from '../../inference/models/model-source.ts';
import { storedFiles } from '../../inference/models/model-store.ts';
import { oneFile } from '../../inference/models/one-file.ts';
import type { StoredBundle, StoredBundles } from '../../inference/models/stored-bundles.ts';
import { oneAfterAnother } from '../one-after-another.ts';
import type { SettingsStore } from '../storage/stores.ts';

export interface KeptModelsDeps {
  readonly settings: SettingsStore;
  readonly files: () => Promise<Pick<ModelFiles, 'find' | 'remove'>>;
  readonly bundles: StoredBundles;
}

export interface KeptModel {
  readonly model: RememberedModel;
  readonly checked: 'host' | 'none';
  readonly fileCount?: number;
}

const KEY = 'models';

const RowsSchema = v.array(
  v.object({
    name: v.string(),
    sizeBytes: v.number(),
    sha256: v.string(),
    starter: v.boolean(),
    checked: v.picklist(['host', 'none']),
  }),
);
type Row = v.InferOutput<typeof RowsSchema>[number];

export class KeptModels {
  readonly #deps: KeptModelsDeps;
  /** Two changes of the rows at once would lose one. */
  readonly #inTurn = oneAfterAnother();

  constructor(deps: KeptModelsDeps) {
    this.#deps = deps;
  }

  async list(): Promise<readonly KeptModel[]> {
    const files = (await this.#rows()).map(({ checked, ...model }): KeptModel => ({ model, checked }));
    return [...files, ...(await this.bundles()).map(kept)];
  }

  bundles(): Promise<readonly StoredBundle[]> {
    return this.#deps.bundles.list();
  }

  async find(sha256: string): Promise<KeptModel | undefined> {
    return (await this.list()).find(({ model }) => model.sha256 === sha256);
  }

  /** Of a file by itself; one that is noted already stays as it is. */
  keep(row: Row): Promise<void> {
    return this.#change((rows) => (rows.some(({ sha256 }) => sha256 === row.sha256) ? rows : [...rows, row]));
  }

  /** Frees its bytes. Rejects with `StorageFailed`. */
  async remove(sha256: string): Promise<void> {
    const { files, bundles } = this.#deps;
    const bundle = (await this.find(sha256))?.model.bundle;
    if (bundle) return bundles.remove(bundle.id);
    await (await files()).remove(sha256);
    await this.#change((rows) => rows.filter((row) => row.sha256 !== sha256));
  }

  /** The one file of a model, under the name that people know. Rejects with `ModelNotFound` or `ModelUnsupported`. */
  async file(sha256: string): Promise<File> {
    const found = await this.find(sha256);
    if (found?.model.bundle?.mlc)
      throw new AppError('ModelUnsupported', 'The companion cannot think with what MLC compiled.');
    const files =
      found && (await storedFiles(found.model, { ...this.#deps, files: await this.#deps.files() }));
    const file = files && (await oneFile(files));
    if (!found || !file) throw new AppError('ModelNotFound', 'That model is not in this browser any more.');
    return new File([file], found.model.name);
  }

  #change(change: (rows: readonly Row[]) => readonly Row[]): Promise<void> {
    return this.#inTurn(async () => {
      await this.#deps.settings.put(KEY, change(await this.#rows()));
    });
  }

  async #rows(): Promise<readonly Row[]> {
    const parsed = v.safeParse(RowsSchema, await this.#deps.settings.get(KEY));
    if (!parsed.success) return [];
    // The browser may have taken a file back, or the person has cleared its data.
    const files = await this.#deps.files();
    const present = await Promise.all(parsed.output.map(({ sha256 }) => files.find(sha256)));
    return parsed.output.filter((_row, index) => present[index] !== undefined);
  }
}

function kept({ id, name, sizeBytes, sha256, checked, kind, fileCount }: StoredBundle): KeptModel {
  const bundle = { id, ...(kind.of === 'mlc' && { mlc: kind.facts }) };
  return { model: { name, sizeBytes, sha256, starter: false, bundle }, checked, fileCount };
}
