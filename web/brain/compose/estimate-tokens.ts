/** Owns guessing how many tokens a text has, for planning only: whether a prompt fits is asked of the engine. */

/** A token per four Unicode scalars, and one more. Too low for code and for scripts beyond Latin by 2 to 4 times. */
export function estimateTokens(text: string): number {
  return Math.floor(Array.from(text).length / 4) + 1;
}

/** Where a text was cut. */
export const CUT_MARK = ' (cut)';

/** The head of `text` with a mark, at most about `tokens` long; the text itself when it is not longer. */
export function cutToTokens(text: string, tokens: number): string {
  if (estimateTokens(text) <= tokens) return text;
  const keep = Math.max(0, (tokens - 1) * 4 - CUT_MARK.length);
  return `${Array.from(text).slice(0, keep).join('').trimEnd()}${CUT_MARK}`;
}
