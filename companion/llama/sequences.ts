/** Owns which sequence of a context a prompt is read into: none by two at once, and a room's prefix by that room. */
import type { LlamaContextSequence, Token } from 'node-llama-cpp';
import { AppError } from '../../shared/errors.ts';

/** What has to be known of a sequence to choose it. */
export type Readable = Pick<LlamaContextSequence, 'compareContextTokens' | 'nextTokenIndex'>;

export interface PromptToRead {
  readonly tokens: readonly Token[];
  /** How many of them others of the same room may begin with, too: all but the last message, which is hers alone. */
  readonly roomTokens: number;
}

export interface Taken<Sequence> {
  readonly sequence: Sequence;
  /** Once, when nobody writes in it any more. */
  giveBack(): void;
}

interface Kept<Sequence> {
  readonly sequence: Sequence;
  /** Of the prompt that it was last taken for. */
  roomTokens: number;
}

/** What is read or written in a sequence now. */
interface Run {
  readonly prompt: PromptToRead;
  readonly signal: AbortSignal;
  readonly over: Promise<void>;
}

/**
 * Of a room that somebody reads already. Read beside her, it took both 11 s to the first word of 4,454 tokens, and 5.7 s
 * each one after the other (two cores, 2026-12-01); a short one is read sooner than her answer is written.
 */
const WORTH_WAITING_TOKENS = 1_024;

export class Sequences<Sequence extends Readable> {
  readonly count: number;
  /** The one used longest ago comes first. */
  readonly #idle: Kept<Sequence>[];
  readonly #runs = new Set<Run>();

  /** All of one context, with nothing evaluated in them yet. */
  constructor(sequences: readonly Sequence[]) {
    this.count = sequences.length;
    this.#idle = sequences.map((sequence) => ({ sequence, roomTokens: 0 }));
  }

  /**
   * Waits for who reads the same room; `onWait` is called when it does. Rejects with the signal's reason, or with
   * `Internal` where all are taken: the admission lets in no more than there are.
   */
  async take(prompt: PromptToRead, signal: AbortSignal, onWait?: () => void): Promise<Taken<Sequence>> {
    for (;;) {
      signal.throwIfAborted();
      const best = this.#bestFor(prompt);
      const run = this.#worthWaitingFor(prompt, best?.shared ?? 0);
      if (!run) return this.#taken(best?.kept, prompt, signal);
      onWait?.();
      await orAborted(run.over, signal);
    }
  }

  #taken(kept: Kept<Sequence> | undefined, prompt: PromptToRead, signal: AbortSignal): Taken<Sequence> {
    if (!kept) throw new AppError('Internal', 'More generations were let in than there are sequences.');
    this.#idle.splice(this.#idle.indexOf(kept), 1);
    kept.roomTokens = prompt.roomTokens;
    let end: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (end = resolve));
    const run: Run = { prompt, signal, over };
    this.#runs.add(run);
    return {
      sequence: kept.sequence,
      giveBack: () => {
        this.#runs.delete(run);
        this.#idle.push(kept);
        end();
      },
    };
  }

  /** One that was given up has read much of the room and ends within a slice: whoever does not wait reads all of it. */
  #worthWaitingFor({ tokens }: PromptToRead, idleTokens: number): Run | undefined {
    for (const run of this.#runs) {
      const shared = sharedTokens(tokens, run.prompt.tokens);
      const isItsRoom = shared >= run.prompt.roomTokens - shared;
      const least = run.signal.aborted ? 0 : WORTH_WAITING_TOKENS;
      if (isItsRoom && shared - idleTokens > least) return run;
    }
    return undefined;
  }

  /**
   * The longest common prefix wins, but only where it keeps more of a room than it throws out: every room begins with the
   * same house rules, and two of them would otherwise throw each other out of one sequence while others lie idle.
   */
  #bestFor({ tokens }: PromptToRead): { readonly kept: Kept<Sequence>; readonly shared: number } | undefined {
    let best = this.#idle[0];
    let mostShared = 0;
    for (const kept of this.#idle) {
      const { sequence, roomTokens } = kept;
      const shared = sequence.compareContextTokens([...tokens]).firstDifferentIndex;
      const lost = Math.min(roomTokens, sequence.nextTokenIndex) - shared;
      if (shared <= mostShared || shared < lost) continue;
      best = kept;
      mostShared = shared;
    }
    return best && { kept: best, shared: mostShared };
  }
}

function sharedTokens(one: readonly Token[], other: readonly Token[]): number {
  const different = one.findIndex((token, at) => token !== other[at]);
  return different === -1 ? one.length : different;
}

function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    void work.then(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });
}

/**
 * A context with `most` sequences or, where there is no memory for their caches, with one. Rejects with what the engine
 * says of the one.
 */
export async function openWithSequences<Context extends { readonly totalSequences: number }>(
  most: number,
  open: (sequences: number) => Promise<Context>,
  signal: AbortSignal,
): Promise<Context> {
  try {
    return await open(most);
  } catch (error) {
    if (most === 1 || signal.aborted) throw error;
    return open(1);
  }
}
