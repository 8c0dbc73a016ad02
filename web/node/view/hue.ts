/** Owns a citizen's colour: a facet of her peer id, the same on every machine. */

/** 0 to 359. The label is hashed before the id, so that two facets of one id are independent. */
export function hueOf(peerId: string): number {
  // FNV-1a, 32 bits: a colour needs no more.
  let hash = 0x811c9dc5;
  for (const char of `hue:${peerId}`) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  // The low bits of FNV follow the last characters closely; folding mixes the high ones in.
  return ((hash >>> 16) ^ hash) % 360;
}
