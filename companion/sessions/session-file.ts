/** Owns the stored form of the paired browsers: public keys only, so the file holds nothing to steal. */
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { UuidSchema } from '../../shared/airc/model.ts';
import { AppError } from '../../shared/errors.ts';
import type { RandomSource } from '../../shared/random.ts';
import { replaceFile } from './atomic-file.ts';

const VERSION = 1;
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

const VersionSchema = v.object({ version: v.number() });
const FileSchema = v.object({
  version: v.literal(VERSION),
  sessions: v.pipe(v.array(SessionSchema), v.maxLength(MAX_SESSIONS)),
});

/** Empty when there is no file yet. `StoreTooNew`, or `HomeUnusable` for one that cannot be read; it is left alone. */
export async function readSessionFile(path: string): Promise<Session[]> {
  let stored: unknown;
  try {
    stored = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw unreadable(path, error);
  }
  const version = v.safeParse(VersionSchema, stored);
  if (version.success && version.output.version > VERSION) {
    throw new AppError(
      'StoreTooNew',
      `${path} is of version ${version.output.version}, newer than ${VERSION}.`,
    );
  }
  const parsed = v.safeParse(FileSchema, stored);
  if (!parsed.success) throw unreadable(path, new v.ValiError(parsed.issues));
  return parsed.output.sessions;
}

/** Rejects with `HomeUnusable`. */
export function writeSessionFile(
  path: string,
  sessions: readonly Session[],
  random: RandomSource,
): Promise<void> {
  return replaceFile(path, `${JSON.stringify({ version: VERSION, sessions }, null, 2)}\n`, random);
}

function unreadable(path: string, cause: unknown): AppError {
  return new AppError(
    'HomeUnusable',
    `${path} is not a list of paired browsers. Move it away and pair again.`,
    {
      cause,
    },
  );
}
