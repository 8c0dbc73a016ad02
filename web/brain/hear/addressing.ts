/** Owns telling whom a line is meant for, from its form alone: "@Name", "Name, …", "hi Name", "…, Name?". */

export interface Addressing {
  /** As the line spells them, or as they are known; each once. */
  readonly names: readonly string[];
  /** "@all" and the like. */
  readonly everyone: boolean;
}

const GREETING = String.raw`(?:hi|hello|hey|hallo|yo|dear|ok|okay|thanks|thank\s+you|good\s+(?:morning|day|afternoon|evening|night))[\s,!]+`;
const EVERYONE: ReadonlySet<string> = new Set(['all', 'everyone', 'everybody', 'here', 'room']);
/** Longest part of a line that is looked at, from either end: a name in the middle of a page is not an address. */
const EDGE_CHARS = 400;

/**
 * `known` are names of the room. An "@Name" counts wherever it stands and whether it is known or not; the other forms
 * count for known names only, as whole words: "Ada" is not meant by "Canada", nor by "I saw Ada yesterday".
 */
export function addressingOf(text: string, known: readonly string[]): Addressing {
  const spelled = new Map(known.filter((name) => name !== '').map((name) => [name.toLowerCase(), name]));
  const names = new Map<string, string>();
  let everyone = false;
  for (const found of [...mentions(text, [...spelled.values()]), ...vocatives(text, [...spelled.values()])]) {
    const lower = found.toLowerCase();
    if (EVERYONE.has(lower) && !spelled.has(lower)) everyone = true;
    else names.set(lower, spelled.get(lower) ?? found);
  }
  return { names: [...names.values()], everyone };
}

/** True when the line is directed at `name`, alone, among others, or with everyone. */
export function isAddressedTo(text: string, name: string): boolean {
  const { names, everyone } = addressingOf(text, [name]);
  return everyone || names.some((other) => other.toLowerCase() === name.toLowerCase());
}

function mentions(text: string, known: readonly string[]): string[] {
  const names = [...known.map(escaped), String.raw`\p{L}[\p{L}\p{N}_-]*`].join('|');
  // Not after a letter or a sign that makes it an e-mail address.
  const mention = new RegExp(String.raw`(?<![\p{L}\p{N}_.@-])@(${names})(?![\p{L}\p{N}_])`, 'giu');
  return Array.from(text.matchAll(mention), (match) => match[1] ?? '');
}

function vocatives(text: string, known: readonly string[]): string[] {
  if (known.length === 0) return [];
  const name = `(?:${known
    .toSorted((a, b) => b.length - a.length)
    .map(escaped)
    .join('|')})`;
  const list = String.raw`${name}(?:(?:\s*[,&]\s*|\s+(?:and|und)\s+)${name})*`;
  const head = text.slice(0, EDGE_CHARS).trimStart();
  const tail = text.slice(-EDGE_CHARS).trimEnd();
  const each = new RegExp(String.raw`(?<![\p{L}\p{N}_])${name}(?![\p{L}\p{N}_])`, 'giu');
  return [
    new RegExp(String.raw`^(?:${GREETING})?(${list})\s*(?:[,:;]|[.!?…]+(?:\s|$)|$)`, 'iu').exec(head),
    new RegExp(String.raw`^${GREETING}(${list})(?![\p{L}\p{N}_-])`, 'iu').exec(head),
    new RegExp(String.raw`,\s*(${list})\s*[.!?…]*$`, 'iu').exec(tail),
  ].flatMap((match) => Array.from((match?.[1] ?? '').matchAll(each), ([found]) => found));
}

function escaped(name: string): string {
  return name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
