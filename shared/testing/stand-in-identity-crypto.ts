/**
 * Owns the cryptography of identities for the simulation: it settles at once and in order. It keeps the contract,
 * wrong codes and changed files included, and protects nothing.
 */
import { fromBase64Url, toBase64Url } from '../base64url.ts';
import { AppError } from '../errors.ts';
import type { RandomSource } from '../random.ts';
import { lengthPrefixed } from '../signatures.ts';
import type { IdentityCrypto } from '../../web/node/identity/identity-crypto.ts';
import { normalizeRecoveryCode } from '../../web/node/identity/recovery-code.ts';
import type { SealedKey } from '../../web/node/storage/database.ts';
import { deterministicDigest, deterministicSigner } from './deterministic-crypto.ts';

export interface StandInKey {
  readonly secret: string;
}

export function isStandInKey(value: unknown): value is StandInKey {
  return typeof value === 'object' && value !== null && 'secret' in value && typeof value.secret === 'string';
}

export function createStandInIdentityCrypto(random: RandomSource): IdentityCrypto<StandInKey> {
  const newSecret = (): string => toBase64Url(random.bytes(16));
  const keysOf = (peerId: string, secret: string, household: string) => {
    const publicKey = toBase64Url(deterministicSigner(secret).publicKey);
    const sealed = hide(secret, household, [peerId, publicKey], random);
    return { publicKey, privateKey: { secret }, sealed };
  };
  return {
    createHousehold: async (recoveryCode) => {
      const publicKey = toBase64Url(deterministicDigest(newSecret()));
      const signingKey = { secret: newSecret() };
      const signingPublicKey = toBase64Url(deterministicSigner(signingKey.secret).publicKey);
      const key = normalizeRecoveryCode(recoveryCode);
      const { nonce, ciphertext } = hide(publicKey, key, [publicKey, signingPublicKey], random);
      const lockedPrivateKey = { salt: nonce, iterations: 600_000, nonce, ciphertext };
      return { publicKey, signingPublicKey, signingKey, lockedPrivateKey };
    },
    createCitizen: async (peerId, household) => keysOf(peerId, newSecret(), household),
    signer: (_publicKey, { secret }) => deterministicSigner(secret),
    openHousehold: async ({ publicKey, signingPublicKey, lockedPrivateKey }, recoveryCode) => {
      const key = normalizeRecoveryCode(recoveryCode);
      const opened = show({ ...lockedPrivateKey }, key, [publicKey, signingPublicKey]);
      if (opened === undefined)
        throw new AppError('BackupCodeWrong', 'The recovery code does not open this.');
      return {
        moveCitizen: async (citizen, toHousehold) => {
          const secret = show(citizen.sealed, opened, [citizen.peerId, citizen.publicKey]);
          if (secret === undefined) throw new AppError('BackupMalformed', 'A sealed key does not open.');
          return keysOf(citizen.peerId, secret, toHousehold);
        },
      };
    },
  };
}

/** The secret in clear, beside a keyed hash over everything that has to be as it was. */
function hide(secret: string, key: string, context: readonly string[], random: RandomSource): SealedKey {
  const nonce = toBase64Url(random.bytes(12));
  const tag = toBase64Url(deterministicDigest(lengthPrefixed([key, nonce, secret, ...context])));
  const ciphertext = toBase64Url(new TextEncoder().encode(`${secret} ${tag}`));
  return { ephemeralPublicKey: tag, nonce, ciphertext };
}

function show(
  sealed: Pick<SealedKey, 'nonce' | 'ciphertext'>,
  key: string,
  context: readonly string[],
): string | undefined {
  const text = new TextDecoder().decode(fromBase64Url(sealed.ciphertext));
  const [secret = '', tag] = text.split(' ');
  const wanted = deterministicDigest(lengthPrefixed([key, sealed.nonce, secret, ...context]));
  return tag === toBase64Url(wanted) ? secret : undefined;
}
