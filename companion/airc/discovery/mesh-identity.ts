/** Owns whose rooms the built-in daemon's rooms are: fixed at the first start, since every room id follows from it. */
import { join } from 'node:path';
import * as v from 'valibot';
import type { RandomSource } from '../../../shared/random.ts';
import { readStored, writeStored, type StoredForm } from '../../cli/stored-json.ts';
import type { SystemAccess } from './system.ts';

const FORM: StoredForm<{ readonly meshIdentity: string }> = {
  version: 1,
  schema: v.object({ version: v.number(), meshIdentity: v.pipe(v.string(), v.minLength(1)) }),
  what: 'a mesh identity',
};

/** As airc names a person without an account anywhere. Rejects with `HomeUnusable` or `StoreTooNew`. */
export async function meshIdentityOf(
  homePath: string,
  system: SystemAccess,
  random: RandomSource,
): Promise<string> {
  const file = join(homePath, 'mesh.json');
  const stored = await readStored(file, FORM);
  if (stored !== undefined) return stored.meshIdentity;
  const { USER, LOGNAME, USERNAME } = system.env;
  const host = system.hostname.split('.')[0] ?? system.hostname;
  const meshIdentity = `local:${host}:${USER ?? LOGNAME ?? USERNAME ?? 'unknown-user'}`;
  await writeStored(file, FORM, { meshIdentity }, random);
  return meshIdentity;
}
