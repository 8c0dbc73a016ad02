import { describe, expect, it } from 'vitest';
import { sharedDeadline, type OpenModel } from './open-model.ts';

describe('sharedDeadline', () => {
  it('gives who shares the machine the time of all, and no more silence than one', () => {
    const open = { sequences: 4 } as OpenModel;
    expect(sharedDeadline(open, { stallMs: 5, totalMs: 100 })).toEqual({ stallMs: 5, totalMs: 400 });
  });
});
