/** Owns reading, replacing and removing one small versioned file of the home. */
import { readFile, rm } from 'node:fs/promises';
import * as v from 'valibot';
import { AppError } from '../../shared/errors.ts';
import type { RandomSource } from '../../shared/random.ts';
import { replaceFile } from '../sessions/atomic-file.ts';

export interface StoredForm<T> {
  readonly version: number;
  /** Of the whole file, without its version. */
  readonly schema: v.GenericSchema<unknown, T>;
  /** To stand after "is not": "a list of claimed identities". */
  readonly what: string;
}

const VersionSchema = v.object({ version: v.number() });

/**
 * Undefined when there is no file yet. Rejects with `StoreTooNew`, or with `HomeUnusable` for a file that cannot be
 * read; it is left as it is.
 */
export async function readStored<T>(path: string, form: StoredForm<T>): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw unreadable(path, form.what, error);
  }
  const stored = jsonOf(text);
  const version = v.safeParse(VersionSchema, stored);
  if (version.success && version.output.version > form.version) {
    throw new AppError(
      'StoreTooNew',
      `${path} is of version ${version.output.version}, newer than ${form.version}.`,
    );
  }
  const parsed = v.safeParse(form.schema, stored);
  if (!version.success || version.output.version !== form.version || !parsed.success) {
    throw unreadable(path, form.what, parsed.success ? undefined : new v.ValiError(parsed.issues));
  }
  return parsed.output;
}

/** As a whole, for its owner alone. Rejects with `HomeUnusable`; the old file is then as it was. */
export function writeStored<T extends object>(
  path: string,
  form: StoredForm<T>,
  value: T,
  random: RandomSource,
): Promise<void> {
  return replaceFile(path, `${JSON.stringify({ version: form.version, ...value }, null, 2)}\n`, random);
}

/** Rejects with `HomeUnusable` where it cannot; nothing happens where there is none. */
export async function removeStored(path: string): Promise<void> {
  await rm(path, { force: true }).catch((cause: unknown) => {
    throw new AppError('HomeUnusable', `${path} could not be removed.`, { cause });
  });
}

/** Undefined for what is no JSON. Why it is none would repeat the text, which may be a secret. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable(path: string, what: string, cause: unknown): AppError {
  return new AppError(
    'HomeUnusable',
    `${path} is not ${what}. It was left as it is; move it away to go on.`,
    {
      cause,
    },
  );
}
