/** Owns what follows from a peer id alone: a hash per facet (name, colour), the same on every machine for ever. */
import type { Uuid } from '../airc/model.ts';

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** FNV-1a, 64 bits, over the UTF-8 bytes of `text`. */
export function fnv1a64(text: string): bigint {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  }
  return hash;
}

/**
 * A number from 0 to `size` − 1. The facet is hashed together with the id: a salt that is mixed in afterwards leaves two
 * facets of one id correlated. The halves are folded, since the lowest bit of FNV-1a is only the parity of its input:
 * taken as it is, two facets would still agree on even and odd, and half of a list of even length were out of reach.
 */
export function facetIndex(peerId: Uuid, facet: string, size: number): number {
  const hash = fnv1a64(`${peerId}|${facet}`);
  return Number(((hash >> 32n) ^ (hash & 0xffffffffn)) % BigInt(size));
}

/** Her colour: a hue from 0 to 359. */
export function hueOf(peerId: Uuid): number {
  return facetIndex(peerId, 'hue', 360);
}
