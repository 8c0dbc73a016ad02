/** Owns what is taken off a model's text before it is said: thoughts, her own name in front, stray blanks. Nothing else. */

const THOUGHTS = /<(think|thinking)>[^]*?<\/\1>/giu;

/** Empty when nothing but that was there. Other words before a colon ("Note:") stay, since they belong to the text. */
export function cleanText(text: string, ownName: string): string {
  let rest = text.replace(THOUGHTS, '').trim();
  const prefix = ownPrefix(ownName);
  // Small models write it twice.
  for (let next = rest.replace(prefix, ''); next !== rest; next = rest.replace(prefix, '')) rest = next;
  return rest.replaceAll(/\n{3,}/gu, '\n\n').trim();
}

/** "Maya:", "**Maya**:", "[12:30] Maya:"; the line of a room as a model copies it. */
function ownPrefix(name: string): RegExp {
  const escaped = name.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`);
  return new RegExp(
    String.raw`^(?:\[\d{1,2}:\d{2}(?::\d{2})?\]\s*)?[*_]{0,3}${escaped}[*_]{0,3}\s*:[*_]{0,3}\s*`,
    'iu',
  );
}
