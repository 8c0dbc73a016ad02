/** Owns locking the household's private half with the recovery code: PBKDF2-SHA-256, AES-256-GCM. */
import { fromBase64Url, toBase64Url } from '../../../shared/base64url.ts';
import { AppError } from '../../../shared/errors.ts';
import type { RandomSource } from '../../../shared/random.ts';
import { lengthPrefixed } from '../../../shared/signatures.ts';
import type { LockedKey } from '../storage/database.ts';
import { normalizeRecoveryCode } from './recovery-code.ts';

const LABEL = 'persona-node/locked-key/1';
const SALT_BYTES = 16;
const NONCE_BYTES = 12;

/** Written, and the least that is read (OWASP's figure for PBKDF2-SHA-256); a file must not be able to ask for less. */
export const MIN_ITERATIONS = 600_000;
/** A file must not be able to keep the browser busy for minutes either. */
export const MAX_ITERATIONS = 5_000_000;

/** `context` is authenticated, not encrypted: the same strings must be given to open. */
export async function lock(
  secret: Uint8Array<ArrayBuffer>,
  recoveryCode: string,
  context: readonly string[],
  random: RandomSource,
): Promise<LockedKey> {
  const salt = random.bytes(SALT_BYTES);
  const nonce = random.bytes(NONCE_BYTES);
  const key = await codeKey(recoveryCode, salt, MIN_ITERATIONS);
  const parameters = gcm(nonce, context);
  const ciphertext = await crypto.subtle.encrypt(parameters, key, secret);
  return {
    salt: toBase64Url(salt),
    iterations: MIN_ITERATIONS,
    nonce: toBase64Url(nonce),
    ciphertext: toBase64Url(new Uint8Array(ciphertext)),
  };
}

/** Rejects with `BackupCodeWrong`: a wrong code and a changed file cannot be told apart. */
export async function unlock(
  locked: LockedKey,
  recoveryCode: string,
  context: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const salt = fromBase64Url(locked.salt);
  const nonce = fromBase64Url(locked.nonce);
  const ciphertext = fromBase64Url(locked.ciphertext);
  const { iterations } = locked;
  if (!salt || !nonce || !ciphertext || !(iterations >= MIN_ITERATIONS && iterations <= MAX_ITERATIONS)) {
    throw new AppError('BackupMalformed', 'The locked household key of the file cannot be read.');
  }
  const key = await codeKey(recoveryCode, salt, iterations);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(gcm(nonce, context), key, ciphertext));
  } catch (error) {
    throw new AppError(
      'BackupCodeWrong',
      'The recovery code does not open this file, or the file was changed.',
      { cause: error },
    );
  }
}

function gcm(nonce: Uint8Array<ArrayBuffer>, context: readonly string[]): AesGcmParams {
  return {
    name: 'AES-GCM',
    iv: nonce,
    additionalData: Uint8Array.from(lengthPrefixed([LABEL, ...context])),
  };
}

async function codeKey(
  recoveryCode: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<CryptoKey> {
  const code = new TextEncoder().encode(normalizeRecoveryCode(recoveryCode));
  const material = await crypto.subtle.importKey('raw', code, 'PBKDF2', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}
