/** Owns taking the one-time code out of the address, before it can reach the history, a bookmark or a screenshot. */

const FRAGMENT = '#pair=';
/** Far above the length of any code of ours. */
const MAX_CODE_CHARS = 256;

/** The code of a pairing link, as it came; undefined where the address carries none. The fragment is erased. */
export function takePairingCode(
  location: Pick<Location, 'hash' | 'pathname' | 'search'>,
  history: Pick<History, 'replaceState' | 'state'>,
): string | undefined {
  if (!location.hash.startsWith(FRAGMENT)) return undefined;
  const code = location.hash.slice(FRAGMENT.length, FRAGMENT.length + MAX_CODE_CHARS);
  history.replaceState(history.state, '', location.pathname + location.search);
  return code;
}

/** The code in what a person pasted: a whole link, its fragment, or the code alone. Whether it is one, the companion says. */
export function codeFromLink(pasted: string): string {
  const text = pasted.trim();
  const at = text.indexOf(FRAGMENT);
  return (at === -1 ? text : text.slice(at + FRAGMENT.length)).slice(0, MAX_CODE_CHARS);
}
