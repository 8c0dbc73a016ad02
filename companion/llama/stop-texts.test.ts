import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStopTexts } from './stop-texts.ts';

function feed(stops: readonly string[], pieces: readonly string[]): { shown: string; stopped: boolean } {
  const texts = createStopTexts(stops);
  let shown = '';
  for (const piece of pieces) shown += texts.push(piece);
  return { shown: shown + texts.rest(), stopped: texts.stopped };
}

describe('createStopTexts', () => {
  it('shows everything where there is no stop text', () => {
    expect(feed([], ['a', 'b'])).toEqual({ shown: 'ab', stopped: false });
  });

  it('finds a stop text that arrives in pieces', () => {
    expect(feed(['\nUser:'], ['Hi\nUs', 'er', ': x'])).toEqual({ shown: 'Hi', stopped: true });
  });

  it('shows late what only began like one', () => {
    expect(feed(['\nUser:'], ['Hi\nUs', 'ual'])).toEqual({ shown: 'Hi\nUsual', stopped: false });
  });

  it('cuts where a search in the whole text would, however it is split', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 24 });
    const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 3 }), {
      maxLength: 2,
    });
    fc.assert(
      fc.property(text, stops, (whole, wanted) => {
        // Fed one character at a time, the stop text that is complete first wins.
        const ends = wanted
          .map((stop) => whole.indexOf(stop) + stop.length)
          .filter((_, index) => whole.includes(wanted[index] ?? ''));
        const end = Math.min(...ends);
        const starts = wanted
          .filter((stop) => whole.slice(0, end).endsWith(stop))
          .map((stop) => end - stop.length);
        const expected = ends.length === 0 ? whole : whole.slice(0, Math.min(...starts));
        expect(feed(wanted, Array.from(whole))).toEqual({ shown: expected, stopped: ends.length > 0 });
      }),
    );
  });
});
