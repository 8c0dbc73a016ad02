/** Owns how a file is cut for its download: equal chunks, each hashed and recorded on its own, fetched in spans of many. */

/** A tab killed at any moment loses less than this of each span under way. */
export const CHUNK_BYTES = 512 * 1024;
/** One request each: a host that redirects every request to its store is asked seldom. */
const SPAN_CHUNKS = 64;

export function chunkCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / CHUNK_BYTES);
}

/** `end` is behind the last byte. */
export function chunkRange(
  index: number,
  sizeBytes: number,
): { readonly start: number; readonly end: number } {
  const start = index * CHUNK_BYTES;
  return { start, end: Math.min(start + CHUNK_BYTES, sizeBytes) };
}

/** Runs of neighbouring chunks; `missing` ascends. */
export function spansOf(missing: readonly number[]): { first: number; count: number }[] {
  const spans: { first: number; count: number }[] = [];
  for (const index of missing) {
    const last = spans.at(-1);
    if (last && last.first + last.count === index && last.count < SPAN_CHUNKS) last.count += 1;
    else spans.push({ first: index, count: 1 });
  }
  return spans;
}
