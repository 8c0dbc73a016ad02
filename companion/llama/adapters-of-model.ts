/** Owns which files the child may open for the adapters of a request: known, unchanged, and made for the open model. */
import { AppError } from '../../shared/errors.ts';
import { activeAdapters, type AdapterUse } from '../../shared/inference/genome/adapters.ts';
import { readAdapterFile } from './adapter-file.ts';
import type { AdapterShelf } from './backend.ts';
import type { AdapterToLoad } from './child-messages.ts';

export interface ModelFacts {
  readonly name: string;
  readonly architecture: string;
}

export class AdaptersOfModel {
  readonly #shelf: Pick<AdapterShelf, 'fileOf'>;
  readonly #model: ModelFacts;
  /** Paths of the files that were looked into since the model is open: the child may hold them already. */
  readonly #checked = new Set<string>();

  constructor(shelf: Pick<AdapterShelf, 'fileOf'>, model: ModelFacts) {
    this.#shelf = shelf;
    this.#model = model;
  }

  /**
   * Empty for the model alone. Rejects with `AdapterNotFound` for an id that is not offered, or whose file is another one
   * now, `AdapterMismatch` for one of another architecture.
   */
  async resolve(uses: readonly AdapterUse[] | undefined): Promise<AdapterToLoad[]> {
    const resolved: AdapterToLoad[] = [];
    for (const { id, scale } of activeAdapters(uses)) {
      const file = this.#shelf.fileOf(id);
      if (!file) throw new AppError('AdapterNotFound', 'The companion has no such adapter.');
      const { path, sizeBytes, header } = file;
      const { name, architecture } = this.#model;
      if (header.architecture !== architecture)
        throw new AppError(
          'AdapterMismatch',
          `${path} is for models of the kind "${header.architecture}"; ${name} is "${architecture}".`,
        );
      if (!this.#checked.has(path)) await requireUnchanged(path, sizeBytes, architecture);
      this.#checked.add(path);
      resolved.push({ id, path, sizeBytes, scale });
    }
    return resolved;
  }
}

/** Not hashed again: that may take as long as the answer. */
async function requireUnchanged(path: string, sizeBytes: number, architecture: string): Promise<void> {
  const now = await readAdapterFile(path);
  if (now.sizeBytes !== sizeBytes || now.header.architecture !== architecture)
    throw new AppError('AdapterNotFound', `${path} is another file than it was at the start.`);
}
