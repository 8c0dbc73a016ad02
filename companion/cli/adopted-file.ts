/** Owns the stored form of the adopted models. */
import { homedir } from 'node:os';
import * as v from 'valibot';
import type { RandomSource } from '../../shared/random.ts';
import { AdoptedModels, AdoptedSchema, type Adopted } from '../found/adopted-models.ts';
import { findModels } from '../found/find-models.ts';
import type { ModelShelf } from '../llama/backend.ts';
import { readStored, writeStored, type StoredForm } from './stored-json.ts';

const FORM: StoredForm<{ readonly adopted: readonly Adopted[] }> = {
  version: 1,
  schema: v.object({ adopted: v.pipe(v.array(AdoptedSchema), v.maxLength(1_000)) }),
  what: 'a list of adopted models',
};

/** Puts what was adopted on the shelf. Rejects with `HomeUnusable` or `StoreTooNew`, and leaves the file alone. */
export async function openAdoptedModels(
  path: string,
  shelf: Pick<ModelShelf, 'add'>,
  random: RandomSource,
): Promise<AdoptedModels> {
  const stored = await readStored(path, FORM);
  const models = new AdoptedModels(stored?.adopted ?? [], {
    find: () => findModels({ home: homedir(), env: process.env }),
    offer: (model, name) => shelf.add(model, name),
    save: (adopted) => writeStored(path, FORM, { adopted }, random),
  });
  await models.open();
  return models;
}
