/**
 * Owns the files of other programs that the person thinks with: opened where they are, hashed once, and offered again at
 * the next start while they are the same.
 */
import { stat } from 'node:fs/promises';
import * as v from 'valibot';
import type { FoundModel } from '../../shared/bridge/found-models.ts';
import type { ModelOffer } from '../../shared/bridge/messages.ts';
import { AppError } from '../../shared/errors.ts';
import { readModelFile } from '../llama/model-file.ts';
import { sha256Of, type StoredModel } from '../llama/model-folder.ts';
import type { FoundFile } from './find-models.ts';

export const AdoptedSchema = v.object({
  path: v.string(),
  name: v.string(),
  sizeBytes: v.number(),
  modifiedMs: v.number(),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});
export type Adopted = v.InferOutput<typeof AdoptedSchema>;

export interface AdoptedModelsDeps {
  find(): Promise<readonly FoundFile[]>;
  /** Puts a model on the shelf. */
  offer(model: StoredModel, name: string): ModelOffer;
  readonly save: (adopted: readonly Adopted[]) => Promise<void>;
}

export class AdoptedModels {
  readonly #deps: AdoptedModelsDeps;
  #adopted: readonly Adopted[];
  #found: readonly FoundFile[] = [];
  /** Paths of what is on the shelf. */
  readonly #offered = new Set<string>();

  constructor(stored: readonly Adopted[], deps: AdoptedModelsDeps) {
    this.#adopted = stored;
    this.#deps = deps;
  }

  /** Offers those whose files are as they were; forgets nothing, since a disk may be away today. */
  async open(): Promise<void> {
    for (const { path, name, sizeBytes, modifiedMs, sha256 } of this.#adopted) {
      const now = await stat(path).catch(() => undefined);
      if (now?.size !== sizeBytes || now.mtimeMs !== modifiedMs) continue;
      const file = await readModelFile(path).catch(() => undefined);
      if (!file) continue;
      this.#deps.offer({ ...file, sha256 }, name);
      this.#offered.add(path);
    }
  }

  /** What is there now and not on the shelf. Never rejects. */
  async list(): Promise<readonly FoundModel[]> {
    this.#found = await this.#deps.find();
    return this.#found
      .filter(({ path }) => !this.#offered.has(path))
      .map(({ id, name, sizeBytes, owner }) => ({ id, name, sizeBytes, owner }));
  }

  /**
   * Reads it once to hash it, and offers it. Rejects with `ModelNotFound` for what `list` did not tell, or with what the
   * file's header shows against it.
   */
  async adopt(id: string, onBytes: (read: number, of: number) => void): Promise<ModelOffer> {
    const found = this.#found.find((each) => each.id === id);
    if (!found) throw new AppError('ModelNotFound', 'That file is not there any more.');
    const { path, name, sizeBytes } = found;
    const file = await readModelFile(path);
    const { mtimeMs: modifiedMs } = await stat(path);
    const sha256 = await sha256Of(path, (read) => {
      onBytes(read, sizeBytes);
    });
    const offer = this.#deps.offer({ ...file, sha256 }, name);
    this.#offered.add(path);
    const others = this.#adopted.filter((each) => each.path !== path);
    this.#adopted = [...others, { path, name, sizeBytes, modifiedMs, sha256 }];
    await this.#deps.save(this.#adopted);
    return offer;
  }
}
