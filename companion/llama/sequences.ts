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

export class Sequences<Sequence extends Readable> {
  readonly count: number;
  /** The one used longest ago comes first. */
  readonly #idle: Kept<Sequence>[];

  /** All of one context, with nothing evaluated in them yet. */
  constructor(sequences: readonly Sequence[]) {
    this.count = sequences.length;
    this.#idle = sequences.map((sequence) => ({ sequence, roomTokens: 0 }));
  }

  /** Throws `Internal` where all are taken: the admission lets in no more than there are. */
  take(prompt: PromptToRead): Taken<Sequence> {
    const kept = this.#bestFor(prompt);
    if (!kept) throw new AppError('Internal', 'More generations were let in than there are sequences.');
    this.#idle.splice(this.#idle.indexOf(kept), 1);
    kept.roomTokens = prompt.roomTokens;
    return { sequence: kept.sequence, giveBack: () => this.#idle.push(kept) };
  }

  /**
   * The longest common prefix wins, but only where it keeps more of a room than it throws out: every room begins with the
   * same house rules, and two of them would otherwise throw each other out of one sequence while others lie idle.
   */
  #bestFor({ tokens }: PromptToRead): Kept<Sequence> | undefined {
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
    return best;
  }
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
