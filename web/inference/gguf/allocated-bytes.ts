/** Owns what the engine says it allocated for a model: weights, cache and what it calculates in, wherever they lie. */

/**
 * As `load_tensors:  CPU_Mapped model buffer size =  5.30 MiB`. The engine repeats texts of the file with their line
 * breaks, so a file can write such a line itself; what is learned from it is bounded (`fit-learning.ts`).
 */
const LINE = /^\w+: +([\w.-]+) +(model|KV|RS|compute|output) buffer size = +(\d+\.\d+) MiB\s*$/;
const MIB = 1024 * 1024;

/** Undefined where it does not say so of the weights. */
export function allocatedBytes(lines: readonly string[]): number | undefined {
  let bytes = 0;
  let hasWeights = false;
  /** Planned anew it is said anew. */
  const compute = new Map<string, number>();
  for (const line of lines) {
    const [, device = '', kind, mib] = LINE.exec(line) ?? [];
    if (kind === undefined) continue;
    if (kind === 'compute') compute.set(device, Number(mib) * MIB);
    else bytes += Number(mib) * MIB;
    hasWeights ||= kind === 'model';
  }
  for (const each of compute.values()) bytes += each;
  return hasWeights ? Math.round(bytes) : undefined;
}
