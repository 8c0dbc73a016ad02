/** Owns how a persona's state reads: one word, and behind it the numbers or the reason. */
import type { PersonState, Progress, Trouble } from '../../node/view.ts';
import { formatCount, formatProgress } from '../look/format.ts';

export interface StateWords {
  readonly word: string;
  readonly detail?: string;
  readonly tone: 'calm' | 'busy' | 'quiet' | 'bad';
  readonly progress?: Progress;
  /** What she has written so far. */
  readonly text?: string;
  readonly trouble?: Trouble;
}

const DECIDERS = { model: 'her own decision', 'loop-guard': 'the loop guard', rule: 'a rule' } as const;

const WAITS_FOR = {
  companion: 'for the companion',
  daemon: 'for the daemon',
  you: 'until you choose "Think again"',
} as const;

export function stateWords(state: PersonState): StateWords {
  switch (state.kind) {
    case 'booting': {
      const { progress } = state;
      return {
        word: 'Booting',
        detail: `${progress.what}, ${formatProgress(progress)}`,
        tone: 'busy',
        progress,
      };
    }
    case 'idle':
      return { word: 'Idle', tone: 'calm' };
    case 'waiting':
      return { word: 'Waiting', detail: WAITS_FOR[state.waitsFor], tone: 'busy' };
    case 'queued':
      return {
        word: 'Queued',
        detail: state.ahead === 0 ? 'next in line' : `${formatCount(state.ahead)} ahead of her`,
        tone: 'busy',
      };
    case 'reading':
      return state.progress
        ? { word: 'Reading', detail: formatProgress(state.progress), tone: 'busy', progress: state.progress }
        : { word: 'Reading', tone: 'busy' };
    case 'writing':
      return {
        word: 'Writing',
        detail: `${formatCount(state.tokens)} ${state.tokens === 1 ? 'token' : 'tokens'}`,
        tone: 'busy',
        text: state.text,
      };
    case 'silent':
      return {
        word: 'Silent',
        detail: `because ${state.reason} (${DECIDERS[state.decidedBy]})`,
        tone: 'quiet',
      };
    case 'errored':
      return { word: 'Errored', tone: 'bad', trouble: state.trouble };
    case 'asleep':
      return { word: 'Asleep', detail: 'she reads along and does not answer', tone: 'quiet' };
  }
}
