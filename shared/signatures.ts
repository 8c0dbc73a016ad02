/** Owns the interface to hashing and Ed25519; WebCrypto in the product, a deterministic stand-in in the simulation. */

/** Hashing and verification: needs no secret, used by both sides. */
export interface SignatureVerifier {
  sha256(bytes: Uint8Array): Promise<Uint8Array>;
  /** `publicKey` is the raw 32 bytes. False for a bad signature as well as for a key that is none. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>;
}

/** Something that can sign as one identity; the private key stays inside. */
export interface Signer {
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64-byte Ed25519 signature. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** WebCrypto, the same in Chrome ≥ 137 and Node ≥ 20. */
export const webCryptoVerifier: SignatureVerifier = {
  sha256: async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes))),
  verify: async (publicKey, message, signature) => {
    if (publicKey.length !== 32 || signature.length !== 64) return false;
    const key = await crypto.subtle.importKey('raw', Uint8Array.from(publicKey), 'Ed25519', false, [
      'verify',
    ]);
    return crypto.subtle.verify('Ed25519', key, Uint8Array.from(signature), Uint8Array.from(message));
  },
};

/**
 * Joins byte strings so that no two different lists give the same bytes: each part is preceded by its length as an
 * unsigned 32-bit big-endian number. Strings are UTF-8.
 */
export function lengthPrefixed(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const encoder = new TextEncoder();
  const chunks = parts.map((part) => (typeof part === 'string' ? encoder.encode(part) : part));
  const out = new Uint8Array(chunks.reduce((sum, chunk) => sum + 4 + chunk.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const chunk of chunks) {
    view.setUint32(at, chunk.length);
    out.set(chunk, at + 4);
    at += 4 + chunk.length;
  }
  return out;
}
