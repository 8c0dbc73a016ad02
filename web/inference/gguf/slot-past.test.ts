import { describe, expect, it } from 'vitest';
import { SlotPast } from './slot-past.ts';

const [A, B] = ['a', 'b'] as const;
const only = (id: string, scale = 1) => [{ id, scale }];

describe('what an instance may use again of what it has read', () => {
  it('names every loaded adapter in every call, those at 0 too', () => {
    const past = new SlotPast([A, B]);
    const lora = (a: number, b: number) => ({
      lora: [
        { id: 0, scale: a },
        { id: 1, scale: b },
      ],
    });
    expect(past.probeFields()).toEqual(lora(0, 0));
    expect(past.fields(only(B, 0.5))).toEqual(lora(0, 0.5));
    // A call of which nothing is read must not pass the slot off as the base's.
    expect(past.probeFields()).toEqual(lora(0, 0.5));
    expect(past.last).toEqual(only(B, 0.5));
  });

  it('is all of it with one set, and nothing from the second set on', () => {
    const past = new SlotPast([A, B]);
    past.probeFields();
    for (let call = 0; call < 3; call += 1) expect(past.fields(only(A)).cache_prompt).toBeUndefined();
    for (const uses of [[], only(A), only(A), only(A, 0.5)])
      expect(past.fields(uses).cache_prompt).toBe(false);
    const again = new SlotPast([A]);
    again.fields(only(A));
    expect(again.fields(only(A, 0.5)).cache_prompt).toBe(false);
  });

  it('is not asked where nothing is loaded', () => {
    const past = new SlotPast([]);
    expect([past.fields([]), past.probeFields()]).toEqual([{}, {}]);
  });
});
