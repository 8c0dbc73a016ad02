/** Owns the stored form of the token for gated models; the file is for its owner alone. */
import * as v from 'valibot';
import { GatedTokenSchema } from '../../shared/bridge/gated.ts';
import type { RandomSource } from '../../shared/random.ts';
import { GatedToken } from '../gated/gated-token.ts';
import { readStored, removeStored, writeStored, type StoredForm } from './stored-json.ts';

const FORM: StoredForm<{ readonly token: string }> = {
  version: 1,
  schema: v.object({ token: GatedTokenSchema }),
  what: 'a token for gated models',
};

/** Rejects with `HomeUnusable` or `StoreTooNew`, and leaves the file alone. */
export async function openGatedToken(path: string, random: RandomSource): Promise<GatedToken> {
  const stored = await readStored(path, FORM);
  return new GatedToken(stored?.token, (token) =>
    token === undefined ? removeStored(path) : writeStored(path, FORM, { token }, random),
  );
}
