/** Owns which numbers of threads are tried on a model, for how long, and which of them is taken. */

/** What one number of threads gave. */
export interface Trial {
  readonly threads: number;
  readonly decodeTokensPerSecond: number;
}

export interface TrialPlan {
  readonly threads: number;
  /** When this is over the trial ends with the tokens it has, at least one. */
  readonly limitMs: number;
}

/** Tokens of one trial, where its time allows them. */
export const TRIAL_TOKENS = 64;
/** For all trials of one model together. */
export const TRIALS_MS = 6_000;
const TRIAL_MS = 2_000;
/** A trial may always take this long: on the fastest models one pause of the machine would decide it otherwise. */
const SHORT_TRIAL_MS = 100;
/** A trial that takes this many times as long as the best one needed has lost. */
const LOST_FACTOR = 2;
/** Two figures closer than this are the same figure. */
const TIE_SHARE = 0.95;

/** 1, 2, 4, … and `maxThreads` itself. */
export function threadCandidates(maxThreads: number): number[] {
  const candidates: number[] = [];
  for (let threads = 1; threads < maxThreads; threads *= 2) candidates.push(threads);
  return [...candidates, Math.max(1, maxThreads)];
}

/**
 * What to try after `trials`, which are all so far, in their order; undefined when more threads no longer help. `leftMs`
 * is the rest of {@link TRIALS_MS}.
 */
export function nextTrial(
  maxThreads: number,
  trials: readonly Trial[],
  leftMs: number,
): TrialPlan | undefined {
  const last = trials.at(-1);
  const untried = threadCandidates(maxThreads).filter((threads) => threads > (last?.threads ?? 0));
  const [next] = untried;
  const most = untried.at(-1);
  if (next === undefined || most === undefined) return undefined;
  if (last === undefined) return { threads: next, limitMs: Math.min(TRIAL_MS, leftMs / untried.length) };

  const bestSpeed = Math.max(...trials.map((trial) => trial.decodeTokensPerSecond));
  if (last.decodeTokensPerSecond < bestSpeed * TIE_SHARE) return undefined;
  // So slow that the steps between cost more time than there is: then the arithmetic outweighs all waiting of threads.
  if (leftMs / untried.length < 1_000 / last.decodeTokensPerSecond)
    return { threads: most, limitMs: Math.max(0, Math.min(TRIAL_MS, leftMs)) };
  const lostMs = Math.max(SHORT_TRIAL_MS, (LOST_FACTOR * TRIAL_TOKENS * 1_000) / bestSpeed);
  return { threads: next, limitMs: Math.min(TRIAL_MS, leftMs / untried.length, lostMs) };
}

/** The fewest threads whose speed is that of the fastest, or as good as: what they leave is left to the browser. */
export function bestThreads(trials: readonly Trial[]): number {
  const bestSpeed = Math.max(...trials.map((trial) => trial.decodeTokensPerSecond));
  const good = trials.filter((trial) => trial.decodeTokensPerSecond >= bestSpeed * TIE_SHARE);
  return Math.min(...good.map((trial) => trial.threads));
}

/** Where nothing could be measured: one core stays free, since threads that wait for a busy core stand still. */
export function unmeasuredThreads(maxThreads: number): number {
  return Math.max(1, maxThreads - 1);
}
