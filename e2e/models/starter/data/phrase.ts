/** Owns phrases written as patterns, "(can|could) you help (me|)": how they unfold, and which unfoldings are held out. */
import type { SeededRandom } from '../../../../shared/testing/seeded-random.ts';

/** A pattern that begins with this mark is a whole template that training never sees. */
const HELD_OUT_MARK = '!';
/** One of so many unfoldings of a trained pattern is held out. */
const HELD_OUT_SHARE = 8;
/**
 * A pattern with fewer unfoldings, or with one choice only, is trained whole: a held-out unfolding of it would be a
 * held-out template, its words seen nowhere else ("hallo"), and no new composition of known parts.
 */
const FEWEST_UNFOLDINGS = 4;
const FEWEST_CHOICES = 2;

type Node = string | readonly (readonly Node[])[];

interface Pattern {
  readonly nodes: readonly Node[];
  readonly unfoldings: number;
  readonly isHeldOut: boolean;
  /** Of its unfoldings some are held out. */
  readonly isComposed: boolean;
}

/** What of the phrases a draw may use. */
export type PhraseUse = 'trained' | 'compositions' | 'templates';

export class PhraseSet {
  readonly #trained: readonly Pattern[];
  readonly #heldOut: readonly Pattern[];
  readonly #composed: readonly Pattern[];

  /** One pattern a line. */
  constructor(lines: string) {
    const patterns = lines
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .map(parsePattern);
    this.#trained = patterns.filter(({ isHeldOut }) => !isHeldOut);
    this.#heldOut = patterns.filter(({ isHeldOut }) => isHeldOut);
    this.#composed = this.#trained.filter(({ isComposed }) => isComposed);
  }

  /** How many different phrases training may see. */
  get size(): number {
    return this.#trained.reduce((sum, { unfoldings }) => sum + unfoldings, 0);
  }

  /** A phrase with its slots still open. Sets without held-out phrases fall back to trained ones. */
  draw(random: SeededRandom, use: PhraseUse): string {
    if (use === 'templates' && this.#heldOut.length > 0)
      return unfold(random.pick(this.#heldOut).nodes, random);
    const wantsHeldOut = use !== 'trained' && this.#composed.length > 0;
    for (let tries = 0; ; tries += 1) {
      const pattern = random.pick(wantsHeldOut ? this.#composed : this.#trained);
      const phrase = unfold(pattern.nodes, random);
      if (isHeldOutPhrase(pattern, phrase) === wantsHeldOut || tries > 200) return phrase;
    }
  }
}

function isHeldOutPhrase(pattern: Pattern, phrase: string): boolean {
  return pattern.isComposed && hashOf(phrase) % HELD_OUT_SHARE === 0;
}

/** FNV-1a with a final mix, so that its low bits depend on every character. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 8;
}

function parsePattern(line: string): Pattern {
  const isHeldOut = line.startsWith(HELD_OUT_MARK);
  const source = isHeldOut ? line.slice(HELD_OUT_MARK.length) : line;
  let at = 0;
  const sequence = (): Node[] => {
    const nodes: Node[] = [];
    let text = '';
    const flush = (): void => {
      if (text !== '') nodes.push(text);
      text = '';
    };
    while (at < source.length && source[at] !== '|' && source[at] !== ')') {
      if (source[at] === '(') {
        flush();
        at += 1;
        nodes.push(choices());
      } else {
        text += source[at] ?? '';
        at += 1;
      }
    }
    flush();
    return nodes;
  };
  const choices = (): Node[][] => {
    const all = [sequence()];
    while (source[at] === '|') {
      at += 1;
      all.push(sequence());
    }
    if (source[at] !== ')') throw new Error(`"${source}" has an open bracket`);
    at += 1;
    return all;
  };
  const nodes = sequence();
  if (at < source.length) throw new Error(`"${source}" closes or divides what is not open`);
  const unfoldings = countOf(nodes);
  const choosing = nodes.filter((node) => typeof node !== 'string').length;
  const isComposed = !isHeldOut && unfoldings >= FEWEST_UNFOLDINGS && choosing >= FEWEST_CHOICES;
  return { nodes, unfoldings, isHeldOut, isComposed };
}

function countOf(nodes: readonly Node[]): number {
  return nodes.reduce(
    (product, node) =>
      typeof node === 'string' ? product : product * node.reduce((sum, choice) => sum + countOf(choice), 0),
    1,
  );
}

function unfold(nodes: readonly Node[], random: SeededRandom): string {
  const text = nodes
    .map((node) => (typeof node === 'string' ? node : unfold(random.pick(node), random)))
    .join('');
  return text.replaceAll(/ {2,}/g, ' ').trim();
}
