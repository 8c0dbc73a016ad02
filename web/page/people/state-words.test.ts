import { describe, expect, it } from 'vitest';
import { stateWords } from './state-words.ts';

const reading = { what: 'reading', done: 12, total: 300, unit: 'tokens' } as const;

describe('stateWords', () => {
  it.each([
    [{ kind: 'idle' } as const, 'Idle', undefined],
    [
      { kind: 'booting', progress: { what: 'loading the model', done: 3, total: 9, unit: 'steps' } } as const,
      'Booting',
      'loading the model, 3 of 9 steps',
    ],
    [{ kind: 'waiting', waitsFor: 'companion' } as const, 'Waiting', 'for the companion'],
    [{ kind: 'queued', ahead: 0 } as const, 'Queued', 'next in line'],
    [{ kind: 'queued', ahead: 2 } as const, 'Queued', '2 ahead of her'],
    [{ kind: 'reading' } as const, 'Reading', undefined],
    [{ kind: 'reading', progress: reading } as const, 'Reading', '12 of 300 tokens'],
    [{ kind: 'writing', text: 'He', tokens: 1 } as const, 'Writing', '1 token'],
    [
      { kind: 'silent', reason: 'nothing to add', decidedBy: 'loop-guard' } as const,
      'Silent',
      'because nothing to add (the loop guard)',
    ],
  ])('%j', (state, word, detail) => {
    expect(stateWords(state)).toMatchObject({ word, ...(detail === undefined ? {} : { detail }) });
  });

  it('carries the trouble of an error with its next step', () => {
    const trouble = { code: 'LaneDied', message: 'm', nextStep: 'n', atMs: 1 } as const;
    expect(stateWords({ kind: 'errored', trouble })).toMatchObject({ word: 'Errored', tone: 'bad', trouble });
  });
});
