/**
 * Owns the form of a backup file: public parts in clear, private keys sealed, the household's own key locked with the
 * recovery code, and one signature over every field.
 */
import * as v from 'valibot';
import { toAppError, AppError } from '../../../shared/errors.ts';
import { SeedSchema } from '../../../shared/persona/identity.ts';
import { lengthPrefixed } from '../../../shared/signatures.ts';
import { LockedKeySchema, PublicKeySchema, SealedKeySchema } from '../storage/identity-rows.ts';
import { MAX_BACKUP_BYTES } from '../view.ts';

const FORMAT = 'persona-node-backup';
/** A change of the form, or of what is signed, is a new number. */
const VERSION = 1;

const MAX_DEPTH = 8;
const MAX_IDENTITIES = 512;

const ContentSchema = v.strictObject({
  format: v.literal(FORMAT),
  version: v.literal(VERSION),
  createdAtMs: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  household: v.strictObject({
    publicKey: PublicKeySchema,
    signingPublicKey: PublicKeySchema,
    lockedPrivateKey: LockedKeySchema,
  }),
  identities: v.pipe(
    v.array(v.strictObject({ seed: v.strictObject(SeedSchema.entries), sealed: SealedKeySchema })),
    v.maxLength(MAX_IDENTITIES),
  ),
});

const BackupSchema = v.strictObject({
  ...ContentSchema.entries,
  /** Ed25519 with the household's signing key, base64url. */
  signature: v.pipe(v.string(), v.length(86)),
});

export type BackupContent = v.InferOutput<typeof ContentSchema>;
export type Backup = v.InferOutput<typeof BackupSchema>;

export const BACKUP_FORM = { format: FORMAT, version: VERSION } as const;

/**
 * What the signature covers: every field of the file but itself, in this order. Every identity gives the same number of
 * parts, so that no two files give the same bytes.
 */
export function signedBackupBytes(content: BackupContent): Uint8Array {
  const { household, identities } = content;
  const { lockedPrivateKey: locked } = household;
  return lengthPrefixed([
    content.format,
    String(content.version),
    String(content.createdAtMs),
    household.publicKey,
    household.signingPublicKey,
    locked.salt,
    String(locked.iterations),
    locked.nonce,
    locked.ciphertext,
    ...identities.flatMap(({ seed, sealed }) => [
      String(seed.version),
      seed.peer_id,
      seed.client_id,
      seed.agent_name,
      seed.kind,
      seed.role,
      seed.public_key,
      String(seed.created_at_ms),
      sealed.ephemeralPublicKey,
      sealed.nonce,
      sealed.ciphertext,
    ]),
  ]);
}

export function formatBackup(backup: Backup): string {
  return `${JSON.stringify(backup, null, 2)}\n`;
}

/** The file as written; its signature is not checked yet. Throws `BackupMalformed`. */
export function parseBackup(text: string): Backup {
  // No text has more characters than bytes.
  if (text.length > MAX_BACKUP_BYTES) throw malformed(`has ${text.length} characters`);
  if (jsonDepth(text) > MAX_DEPTH) throw malformed('is nested too deeply');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw malformed(`is not JSON (${toAppError(error).message})`, error);
  }
  const parsed = v.safeParse(BackupSchema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw malformed(`cannot be read at "${v.getDotPath(issue) ?? 'its top'}": ${issue.message}`);
}

/** Deepest nesting of arrays and objects, counted before anything is built from a foreign text. */
function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{]|[\]}]/gs)) {
    if (token === '{' || token === '[') deepest = Math.max(deepest, (depth += 1));
    else if (token === '}' || token === ']') depth -= 1;
  }
  return deepest;
}

function malformed(what: string, cause?: unknown): AppError {
  return new AppError('BackupMalformed', `The backup file ${what}.`, { cause });
}
