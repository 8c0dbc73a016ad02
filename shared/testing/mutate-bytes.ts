/** Owns damaging valid bytes in the ways in which parsers are caught out. */
import type { SeededRandom } from './seeded-random.ts';

/** Lengths, counts and offsets at the edges of their ranges, as both byte orders and CBOR heads have them. */
const EDGES = [0, 1, 23, 24, 25, 26, 27, 31, 0x7f, 0x80, 0x9f, 0xbf, 0xd8, 0xf6, 0xf9, 0xfb, 0xff];

/** One to four changes: flipped, overwritten, removed, repeated, cut, or spliced with one of `others`. */
export function mutate(bytes: Uint8Array, random: SeededRandom, others: readonly Uint8Array[]): Uint8Array {
  let out = Array.from(bytes);
  for (let changes = random.between(1, 4); changes > 0 && out.length > 0; changes -= 1) {
    const at = random.between(0, out.length - 1);
    const length = random.between(1, 8);
    const old = out[at] ?? 0;
    out = random.pick([
      () => out.with(at, old ^ (1 << random.between(0, 7))),
      () => out.with(at, random.pick(EDGES)),
      () => out.with(at, random.between(0, 255)),
      () => out.with(at, (old + random.pick([1, 255])) & 255),
      () => out.map((byte, index) => (index >= at && index < at + 4 ? random.pick([0, 255]) : byte)),
      () => out.toSpliced(at, length),
      () => out.toSpliced(at, 0, ...random.bytes(length)),
      () => out.toSpliced(at, 0, ...out.slice(at, at + 4 * length)),
      () => out.slice(0, at),
      () => [...out.slice(0, at), ...random.pick(others).slice(random.between(0, 64))],
    ])();
  }
  return Uint8Array.from(out);
}
