/** Owns the stored form of the paired browsers: public keys only, so the file holds nothing to steal. */
import * as v from 'valibot';
import { UuidSchema } from '../../shared/airc/model.ts';
import type { RandomSource } from '../../shared/random.ts';
import { readStored, writeStored, type StoredForm } from '../cli/stored-json.ts';

/** Far above what a person pairs; a browser whose data was cleared leaves a dead row behind. */
export const MAX_SESSIONS = 32;

const SessionSchema = v.object({
  id: UuidSchema,
  /** Raw Ed25519 public key, base64url. */
  publicKey: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/)),
  label: v.pipe(v.string(), v.maxLength(128)),
  createdAtMs: v.number(),
  lastSeenAtMs: v.number(),
});
/** One paired browser. */
export type Session = Readonly<v.InferOutput<typeof SessionSchema>>;

const FORM: StoredForm<{ sessions: Session[] }> = {
  version: 1,
  schema: v.object({ sessions: v.pipe(v.array(SessionSchema), v.maxLength(MAX_SESSIONS)) }),
  what: 'a list of paired browsers',
};

/** Empty when there is no file yet. `StoreTooNew`, or `HomeUnusable` for one that cannot be read; it is left alone. */
export async function readSessionFile(path: string): Promise<Session[]> {
  return (await readStored(path, FORM))?.sessions ?? [];
}

/** Rejects with `HomeUnusable`. */
export function writeSessionFile(
  path: string,
  sessions: readonly Session[],
  random: RandomSource,
): Promise<void> {
  return writeStored(path, FORM, { sessions: [...sessions] }, random);
}
