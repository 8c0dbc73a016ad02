/**
 * Owns a stand-in for Ed25519 that settles at once and in order, which WebCrypto does not promise. It proves that the
 * right key signed the right bytes, and nothing against a forger.
 */
import { createHash } from 'node:crypto';
import type { SignatureVerifier, Signer } from '../signatures.ts';

/** SHA-256, at once. */
export function deterministicDigest(...parts: (Uint8Array | string)[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
}

function signatureOf(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const first = deterministicDigest('sign-1', publicKey, message);
  return Uint8Array.from([...first, ...deterministicDigest('sign-2', first)]);
}

export const deterministicVerifier: SignatureVerifier = {
  sha256: (bytes) => Promise.resolve(deterministicDigest(bytes)),
  verify: (publicKey, message, signature) =>
    Promise.resolve(Buffer.compare(signatureOf(publicKey, message), signature) === 0),
};

/** The same `secret` is the same key. */
export function deterministicSigner(secret: string): Signer {
  const publicKey = deterministicDigest('key', secret);
  return { publicKey, sign: (message) => Promise.resolve(signatureOf(publicKey, message)) };
}
