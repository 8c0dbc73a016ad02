/**
 * Owns sealing a private key to a household's public half: ephemeral X25519, HKDF-SHA-256, AES-256-GCM. Anybody can
 * seal; only the private half opens.
 */
import { fromBase64Url, toBase64Url } from '../../../shared/base64url.ts';
import { AppError } from '../../../shared/errors.ts';
import type { RandomSource } from '../../../shared/random.ts';
import { lengthPrefixed } from '../../../shared/signatures.ts';
import type { SealedKey } from '../storage/database.ts';

const LABEL = 'persona-node/sealed-key/1';
const NONCE_BYTES = 12;

/** `context` is authenticated, not encrypted: the same strings must be given to open. */
export async function seal(
  secret: Uint8Array<ArrayBuffer>,
  toPublicKey: string,
  context: readonly string[],
  random: RandomSource,
): Promise<SealedKey> {
  // The algorithm name alone is typed as giving one key or a pair; X25519 gives a pair.
  const ephemeral = (await crypto.subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair;
  const ephemeralPublicKey = toBase64Url(
    new Uint8Array(await crypto.subtle.exportKey('raw', ephemeral.publicKey)),
  );
  const nonce = random.bytes(NONCE_BYTES);
  const key = await boxKey(ephemeral.privateKey, toPublicKey, ephemeralPublicKey, toPublicKey);
  const ciphertext = await crypto.subtle.encrypt(parameters(nonce, context), key, secret);
  return {
    ephemeralPublicKey,
    nonce: toBase64Url(nonce),
    ciphertext: toBase64Url(new Uint8Array(ciphertext)),
  };
}

/** Rejects with `BackupMalformed` when anything is not as it was sealed. */
export async function unseal(
  sealed: SealedKey,
  household: { readonly privateKey: CryptoKey; readonly publicKey: string },
  context: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { ephemeralPublicKey } = sealed;
    const key = await boxKey(
      household.privateKey,
      ephemeralPublicKey,
      ephemeralPublicKey,
      household.publicKey,
    );
    const nonce = decoded(sealed.nonce);
    return new Uint8Array(
      await crypto.subtle.decrypt(parameters(nonce, context), key, decoded(sealed.ciphertext)),
    );
  } catch (error) {
    throw new AppError('BackupMalformed', 'A sealed key does not open; the file was changed.', {
      cause: error,
    });
  }
}

function parameters(nonce: Uint8Array<ArrayBuffer>, context: readonly string[]): AesGcmParams {
  return {
    name: 'AES-GCM',
    iv: nonce,
    additionalData: Uint8Array.from(lengthPrefixed([LABEL, ...context])),
  };
}

async function boxKey(
  privateKey: CryptoKey,
  otherPublicKey: string,
  ephemeralPublicKey: string,
  recipientPublicKey: string,
): Promise<CryptoKey> {
  const other = await crypto.subtle.importKey('raw', decoded(otherPublicKey), 'X25519', false, []);
  const shared = await crypto.subtle.deriveBits({ name: 'X25519', public: other }, privateKey, 256);
  const material = await crypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey(
    {
      name: 'HKDF',
      hash: 'SHA-256',
      // Both public keys: a shared secret alone does not say between whom.
      salt: Uint8Array.from(lengthPrefixed([ephemeralPublicKey, recipientPublicKey])),
      info: new TextEncoder().encode(LABEL),
    },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

function decoded(text: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64Url(text);
  if (!bytes) throw new AppError('BackupMalformed', 'A key is not base64url.');
  return bytes;
}
