/** Owns how timings are told: median and tail, and against a baseline of the same run. */

export interface Timings {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export function timingsOf(samplesMs: readonly number[]): Timings {
  const sorted = [...samplesMs].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** One line: the figure, the baseline, and the ratio that holds on any machine. */
export function compare(name: string, timings: Timings, baseline: Timings): string {
  const of = ({ p50Ms, p99Ms }: Timings): string => `p50 ${p50Ms.toFixed(3)} ms, p99 ${p99Ms.toFixed(3)} ms`;
  const ratio = (timings.p50Ms / baseline.p50Ms).toFixed(2);
  return `${name}: ${of(timings)}; baseline ${of(baseline)}; ratio of p50 ${ratio}`;
}
