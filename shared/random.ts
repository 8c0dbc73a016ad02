/** Owns the interface to randomness; the simulation supplies a seeded one. */

/** A source of random bytes. */
export interface RandomSource {
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

/** The platform's cryptographic source. */
export const systemRandom: RandomSource = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};

/** A random UUID (version 4) in lower-case hyphenated form. */
export function uuidV4(random: RandomSource): string {
  const b = random.bytes(16);
  b[6] = ((b[6] ?? 0) & 0x0f) | 0x40;
  b[8] = ((b[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(b, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
