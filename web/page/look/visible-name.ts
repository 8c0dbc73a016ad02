/** Owns what is shown of a name that somebody else chose: nothing invisible, nothing that turns the line around. */

/** Controls, formats (bidi, zero width), surrogates, private use, line and paragraph separators, and blank fillers. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\u115F\u1160\u3164\uFFA0\u2800]/gu;
const SPACES = /\s+/g;
const MAX_CHARS = 64;

/** Never empty, so that a line always shows that somebody is there. */
export function visibleName(name: string): string {
  const seen = name.replace(UNSEEN, '').replace(SPACES, ' ').trim();
  const characters = Array.from(seen);
  if (characters.length === 0) return '(no name)';
  return characters.length > MAX_CHARS ? `${characters.slice(0, MAX_CHARS).join('')}…` : seen;
}
