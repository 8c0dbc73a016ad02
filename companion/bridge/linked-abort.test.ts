import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { linkedAbort } from './linked-abort.ts';

describe('linkedAbort', () => {
  it('aborts with its parent, also with one that has aborted before', () => {
    const parent = new AbortController();
    const early = linkedAbort(parent.signal);
    parent.abort(new Error('why'));
    const late = linkedAbort(parent.signal);
    for (const { signal } of [early, late]) expect(signal.reason).toMatchObject({ message: 'why' });
  });

  it('aborts alone, and leaves nothing at its parent', () => {
    const parent = new AbortController();
    const work = linkedAbort(parent.signal);
    work.abort(new Error('own'));
    expect(work.signal.aborted).toBe(true);
    expect(parent.signal.aborted).toBe(false);
    work.release();
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
  });
});
