/** Owns writing a backup: needs no recovery code, since the private keys in it were sealed at birth. */
import { toBase64Url } from '../../../shared/base64url.ts';
import { AppError } from '../../../shared/errors.ts';
import { HOUSEHOLD_KEY, type IdentityStore } from '../storage/identity-store.ts';
import { BACKUP_FORM, formatBackup, signedBackupBytes } from './backup-file.ts';
import type { IdentityCrypto } from './identity-crypto.ts';

/**
 * The file's text, with every readable identity. Rejects with `SeedMalformed` when the household that signs it cannot be
 * read, and with `BridgeDown` before the first birth, which waits for the companion.
 */
export async function createBackup<Key>(
  store: IdentityStore<Key>,
  crypto: Pick<IdentityCrypto<Key>, 'signer'>,
  nowMs: number,
): Promise<string> {
  const { household, identities, malformed } = await store.read();
  if (!household) {
    throw malformed.some(({ key }) => key === HOUSEHOLD_KEY)
      ? new AppError('SeedMalformed', 'The household key here cannot be read, so no backup can be signed.')
      : new AppError(
          'BridgeDown',
          'Nobody lives in this browser yet: the first birth waits for the companion.',
        );
  }
  const { publicKey, signingPublicKey, lockedPrivateKey, signingKey } = household;
  const content = {
    ...BACKUP_FORM,
    createdAtMs: nowMs,
    household: { publicKey, signingPublicKey, lockedPrivateKey },
    identities: identities.map(({ seed, sealed }) => ({ seed, sealed })),
  };
  const signature = await crypto.signer(signingPublicKey, signingKey).sign(signedBackupBytes(content));
  return formatBackup({ ...content, signature: toBase64Url(signature) });
}
