/** Owns the cryptography of identities on WebCrypto; the same in Chrome ≥ 137 and Node ≥ 20. */
import { fromBase64Url, toBase64Url } from '../../../shared/base64url.ts';
import { AppError } from '../../../shared/errors.ts';
import type { RandomSource } from '../../../shared/random.ts';
import { webCryptoVerifier, type Signer } from '../../../shared/signatures.ts';
import type { CitizenKeys, IdentityCrypto } from './identity-crypto.ts';
import { lock, unlock } from './locked-key.ts';
import { seal, unseal } from './sealed-box.ts';

/**
 * "Non-extractable" keeps a key from script, in this page or injected into it; it is no protection against somebody who
 * copies the browser profile.
 */
export function createWebIdentityCrypto(random: RandomSource): IdentityCrypto<CryptoKey> {
  return {
    createHousehold: async (recoveryCode) => {
      const box = await keyPair('X25519', true, ['deriveBits']);
      const signing = await keyPair('Ed25519', false, ['sign', 'verify']);
      const publicKey = await rawPublicKey(box);
      const signingPublicKey = await rawPublicKey(signing);
      const secret = await pkcs8(box);
      const lockedPrivateKey = await lock(secret, recoveryCode, [publicKey, signingPublicKey], random);
      secret.fill(0);
      return { publicKey, signingPublicKey, lockedPrivateKey, signingKey: signing.privateKey };
    },
    createCitizen: async (peerId, householdPublicKey) => {
      const pair = await keyPair('Ed25519', true, ['sign', 'verify']);
      return storedKeys(peerId, await rawPublicKey(pair), await pkcs8(pair), householdPublicKey, random);
    },
    signer: webSigner,
    openHousehold: async (household, recoveryCode) => {
      const { publicKey, signingPublicKey, lockedPrivateKey } = household;
      const secret = await unlock(lockedPrivateKey, recoveryCode, [publicKey, signingPublicKey]);
      const privateKey = await crypto.subtle.importKey('pkcs8', secret, 'X25519', false, ['deriveBits']);
      secret.fill(0);
      return {
        moveCitizen: async (citizen, toHouseholdPublicKey) => {
          const context = [citizen.peerId, citizen.publicKey];
          const citizenSecret = await unseal(citizen.sealed, { privateKey, publicKey }, context);
          const keys = await storedKeys(
            citizen.peerId,
            citizen.publicKey,
            citizenSecret,
            toHouseholdPublicKey,
            random,
          );
          await provePair(webSigner(citizen.publicKey, keys.privateKey));
          return keys;
        },
      };
    },
  };
}

/** Seals the private key, re-imports it so that it cannot be exported, and wipes `secret`. */
async function storedKeys(
  peerId: string,
  publicKey: string,
  secret: Uint8Array<ArrayBuffer>,
  householdPublicKey: string,
  random: RandomSource,
): Promise<CitizenKeys<CryptoKey>> {
  const sealed = await seal(secret, householdPublicKey, [peerId, publicKey], random);
  const privateKey = await crypto.subtle
    .importKey('pkcs8', secret, 'Ed25519', false, ['sign'])
    .catch((cause: unknown) => {
      throw new AppError('BackupMalformed', 'A sealed key is no Ed25519 key.', { cause });
    });
  secret.fill(0);
  return { publicKey, privateKey, sealed };
}

function webSigner(publicKey: string, privateKey: CryptoKey): Signer {
  return {
    publicKey: fromBase64Url(publicKey) ?? new Uint8Array(),
    sign: async (message) =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, Uint8Array.from(message))),
  };
}

async function provePair(signer: Signer): Promise<void> {
  const probe = new TextEncoder().encode('persona-node/key-pair/1');
  const isPair = await webCryptoVerifier
    .verify(signer.publicKey, probe, await signer.sign(probe))
    .catch((_notAKey: unknown) => false);
  if (!isPair) throw new AppError('BackupMalformed', 'A private key does not belong to its public key.');
}

async function keyPair(
  algorithm: 'X25519' | 'Ed25519',
  extractable: boolean,
  usages: KeyUsage[],
): Promise<CryptoKeyPair> {
  // Typed as giving one key or a pair; both of these give a pair.
  return (await crypto.subtle.generateKey(algorithm, extractable, usages)) as CryptoKeyPair;
}

async function rawPublicKey(pair: CryptoKeyPair): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)));
}

async function pkcs8(pair: CryptoKeyPair): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey));
}
