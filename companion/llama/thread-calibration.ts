/** Owns measuring how fast a loaded model is on which number of threads. */
import type { LlamaModel } from 'node-llama-cpp';
import type { Clock } from '../../shared/clock.ts';
import type { Calibration } from './calibration.ts';
import {
  bestThreads,
  nextTrial,
  TRIAL_TOKENS,
  TRIALS_MS,
  unmeasuredThreads,
  type Trial,
  type TrialPlan,
} from './thread-choice.ts';

/** A context on a fixed number of threads. */
export interface TrialContext {
  /** Makes one more token. */
  decode(): Promise<void>;
  /** Reads this many tokens of a prompt, at most {@link PREFILL_TOKENS}. */
  prefill(tokens: number): Promise<void>;
  dispose(): Promise<void>;
}

export interface CalibrationDeps {
  readonly maxThreads: number;
  readonly open: (threads: number) => Promise<TrialContext>;
  readonly clock: Clock;
  /** Seen between two tokens. */
  readonly signal: AbortSignal;
}

/** A slice of a prompt as generation reads it. */
export const PREFILL_TOKENS = 64;
/** A prompt is read at least as fast as an answer is written, so this bounds the time of a slow model. */
const PREFILL_SECONDS = 0.5;
const CONTEXT_TOKENS = 256;
/** Longer than {@link PREFILL_TOKENS} in every vocabulary. */
const SAMPLE =
  'Somebody asks what a lighthouse is for, and another one answers before the rain begins. '.repeat(8);

/** Rejects with what the engine says where the model cannot be evaluated, and with the signal's reason. */
export async function calibrate(deps: CalibrationDeps): Promise<Calibration> {
  const { clock, maxThreads } = deps;
  // The first token of a model is the time of its disk, not of its threads.
  await inContext(deps, unmeasuredThreads(maxThreads), (context) => context.decode());
  const startedMs = clock.monotonicMs();
  const trials: Trial[] = [];
  const next = (): TrialPlan | undefined =>
    nextTrial(maxThreads, trials, TRIALS_MS - (clock.monotonicMs() - startedMs));
  for (let plan = next(); plan; plan = next()) trials.push(await decodeTrial(deps, plan));
  const threads = bestThreads(trials);
  const decodeTokensPerSecond = Math.max(...trials.map((trial) => trial.decodeTokensPerSecond));
  const prefillTokensPerSecond = await prefillTrial(deps, threads, decodeTokensPerSecond);
  return { threads, prefillTokensPerSecond, trials };
}

/** The first token only warms up, unless it alone takes all the time there is. */
async function decodeTrial(deps: CalibrationDeps, { threads, limitMs }: TrialPlan): Promise<Trial> {
  const { clock, signal } = deps;
  return inContext(deps, threads, async (context) => {
    const beganMs = clock.monotonicMs();
    const isOver = (): boolean => clock.monotonicMs() - beganMs >= limitMs;
    await context.decode();
    const warmMs = clock.monotonicMs();
    if (isOver()) return { threads, decodeTokensPerSecond: perSecond(1, warmMs - beganMs) };
    let tokens = 0;
    do {
      signal.throwIfAborted();
      await context.decode();
      tokens += 1;
    } while (tokens < TRIAL_TOKENS && !isOver());
    return { threads, decodeTokensPerSecond: perSecond(tokens, clock.monotonicMs() - warmMs) };
  });
}

function prefillTrial(deps: CalibrationDeps, threads: number, decodeSpeed: number): Promise<number> {
  const tokens = Math.min(PREFILL_TOKENS, Math.max(1, Math.round(decodeSpeed * PREFILL_SECONDS)));
  return inContext(deps, threads, async (context) => {
    const beganMs = deps.clock.monotonicMs();
    await context.prefill(tokens);
    return perSecond(tokens, deps.clock.monotonicMs() - beganMs);
  });
}

async function inContext<T>(
  { open, signal }: CalibrationDeps,
  threads: number,
  work: (context: TrialContext) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const context = await open(threads);
  try {
    return await work(context);
  } finally {
    await context.dispose();
  }
}

/** Of no time at all, as of a thousandth of a millisecond: a speed is a finite number. */
function perSecond(tokens: number, ms: number): number {
  return (tokens * 1_000) / Math.max(ms, 0.001);
}

/** A small context of its own: llama.cpp fixes the threads when it makes one. */
export async function openTrial(
  model: LlamaModel,
  threads: number,
  createSignal: AbortSignal,
): Promise<TrialContext> {
  const context = await model.createContext({
    contextSize: CONTEXT_TOKENS,
    sequences: 1,
    threads,
    createSignal,
  });
  const sequence = context.getSequence();
  const sample = model.tokenize(SAMPLE);
  // A model may want to end at once; what it says does not matter here.
  const answer = sequence.evaluate(sample.slice(0, 1), { temperature: 0, yieldEogToken: true });
  return {
    decode: async () => {
      if ((await answer.next()).done) throw new Error('The model makes no tokens.');
    },
    prefill: (tokens) => sequence.evaluateWithoutGeneratingNewTokens(sample.slice(0, tokens)),
    dispose: async () => {
      await answer.return();
      await context.dispose();
    },
  };
}
