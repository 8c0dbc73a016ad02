import { describe, expect, it } from 'vitest';
import { line } from '../../../shared/testing/turn-input.ts';
import { CUT_MARK, cutToTokens, estimateTokens } from './estimate-tokens.ts';
import { lineCapTokens, renderLine, TranscriptWindow, type TranscriptLine } from './transcript-source.ts';

const lines = (count: number, tokens = 10): TranscriptLine[] =>
  Array.from({ length: count }, (_, n) => ({ eventId: `e${n}`, text: `Ann: line ${n}`, tokens }));
const ids = ({ lines: kept }: { lines: readonly TranscriptLine[] }) => kept.map(({ eventId }) => eventId);

describe('estimateTokens', () => {
  it('is a token per four scalars and one more', () => {
    expect(['', 'abc', 'abcd', '日本語日', '😀😀😀😀'].map(estimateTokens)).toEqual([1, 1, 2, 2, 2]);
  });

  it('cuts what is longer, keeps the head and says so', () => {
    const cut = cutToTokens('word '.repeat(100), 20);
    expect(cut.endsWith(CUT_MARK)).toBe(true);
    expect(estimateTokens(cut)).toBeLessThanOrEqual(20);
    expect(cutToTokens('short', 20)).toBe('short');
    expect(cutToTokens('😀'.repeat(100), 5)).toMatch(/^😀+ \(cut\)$/u);
  });
});

describe('the transcript', () => {
  it('renders a line in one way, whatever comes after it', () => {
    const utterance = line(1, 'Ann', 'Hello\nthere');
    expect(renderLine(utterance, () => 'Ann', 48)).toEqual({
      eventId: utterance.eventId,
      text: 'Ann: Hello / there',
      tokens: estimateTokens('Ann: Hello / there\n'),
    });
  });

  it('caps a long line by the length of the context alone', () => {
    expect([512, 2_048, 100_000].map(lineCapTokens)).toEqual([48, 128, 256]);
    const { tokens } = renderLine(line(1, 'Ann', 'x'.repeat(9_000)), () => 'Ann', 128);
    expect(tokens).toBeLessThan(132);
  });

  it('keeps everything that fits', () => {
    expect(new TranscriptWindow().pack(lines(10), 100)).toEqual({ lines: lines(10), dropped: 0 });
  });

  it('keeps the newest, without a hole before a line that does not fit', () => {
    const long = lines(10).map((one, n) => (n === 7 ? { ...one, tokens: 900 } : one));
    expect(new TranscriptWindow().pack(long, 100)).toEqual({ lines: long.slice(8), dropped: 8 });
  });

  it('keeps nothing when nothing fits', () => {
    expect(new TranscriptWindow().pack(lines(3, 50), 40)).toEqual({ lines: [], dropped: 3 });
  });

  it('moves its beginning in blocks', () => {
    const window = new TranscriptWindow();
    const firsts = new Set<string | undefined>();
    for (let count = 1; count <= 100; count += 1) {
      const packed = window.pack(lines(count), 200);
      expect(ids(packed).at(-1)).toBe(`e${count - 1}`);
      expect(packed.lines.length * 10).toBeLessThanOrEqual(200);
      firsts.add(ids(packed)[0]);
    }
    // 100 lines, 20 fit, 12 are kept at a cut: one cut in 9 lines.
    expect(firsts.size).toBe(10);
  });

  it('keeps its beginning while the head of the list slides away behind it', () => {
    const window = new TranscriptWindow();
    const all = lines(400, 1);
    const beginnings = new Set<string | undefined>();
    for (let end = 200; end <= 300; end += 1)
      beginnings.add(ids(window.pack(all.slice(end - 200, end), 1_000))[0]);
    expect(beginnings.size).toBe(3);
  });
});
