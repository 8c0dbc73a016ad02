/** Owns where in its prompt an answer's names and values stand: training shows the model's copying heads these places. */
import type { Turn } from './scene.ts';

/** `length` characters of what she says, from `answerAt`, stand in the prompt at `promptAt`. */
export type Copy = readonly [answerAt: number, promptAt: number, length: number, isNameOfSpeaker: boolean];

const COPYING =
  /^(who|role|greet|introduce|introduce-who|who-am-i|who-am-i-untold|state|recall|recall-other|room|talk|chatter-to-her)(-by-machine)?$/;
/** Here every name but her own is that of whoever says the new line. */
const CALLING =
  /^(greet|introduce|introduce-who|who-am-i|who-am-i-untold|talk|chatter-to-her)(-by-machine)?$/;
/** These read the prompt too, but other heads than those that are shown do it well. */
const READING = /^(company|date|time)/;
/** Words of the project's own answers, and what she is, which other heads read well from her card. */
const HER_OWN = /^(not told me|hear you|an? |one of )/;
const SELF = 'Now decide as ';
const ROOM = 'With you in the room "';

/** All that is copied; nothing where that cannot be told for certain. */
export function copiesOf(turn: Turn, prompt: string): readonly Copy[] | undefined {
  const { expected } = turn;
  if (!expected.speak) return [];
  if (READING.test(turn.kind)) return undefined;
  if (!COPYING.test(turn.kind)) return [];
  const copies: Copy[] = [];
  const owner = turn.kind.startsWith('recall-other') ? ownerIn(expected.text) : undefined;
  if (owner !== undefined) copies.push([0, prompt.lastIndexOf(owner), owner.length, false]);
  for (const text of new Set([...expected.required, turn.self.name])) {
    const answerAt = expected.text.indexOf(text);
    // What an answer begins with is her own word.
    if (answerAt <= 0) continue;
    const promptAt = placeOf(text, turn, prompt);
    const isNameOfSpeaker = CALLING.test(turn.kind) && text !== turn.self.name;
    if (promptAt !== undefined) copies.push([answerAt, promptAt, text.length, isNameOfSpeaker]);
    else if (!HER_OWN.test(text)) return undefined;
  }
  return copies;
}

function placeOf(text: string, turn: Turn, prompt: string): number | undefined {
  const at =
    text === turn.self.name
      ? prompt.lastIndexOf(SELF) + SELF.length
      : turn.kind.startsWith('room')
        ? prompt.lastIndexOf(ROOM + text) + ROOM.length
        : saidAt(turn, prompt, text);
  return prompt.slice(at, at + text.length) === text ? at : undefined;
}

/** "Robin" of "Robin's pony is …", if it says so. */
function ownerIn(text: string): string | undefined {
  return /^(.+?)'s .+ is .+\.$/.exec(text)?.[1];
}

/** In the last line of whom it is about, or in what is remembered of them, or the name beside the new line; else -1. */
function saidAt({ kind, expected, input }: Turn, prompt: string, text: string): number {
  const { name } = input.trigger;
  const owner = (kind.startsWith('recall-other') ? ownerIn(expected.text) : undefined) ?? name;
  const thing = /(?:your|'s) (.+) is .+\.$/i.exec(expected.text)?.[1] ?? 'name';
  let at = -1;
  let lineAt = 0;
  for (const line of prompt.slice(0, prompt.lastIndexOf(SELF)).split('\n')) {
    const begin = line.startsWith(`${owner}: `) ? owner.length + 2 : 0;
    const isRemembered = line.startsWith('- ') && line.includes(owner);
    const isAbout = thing === 'name' ? begin > 0 : line.includes(thing);
    const found = isAbout && (begin > 0 || isRemembered) ? lastWord(line, text, begin) : -1;
    if (found >= 0) at = lineAt + found;
    lineAt += line.length + 1;
  }
  return at < 0 && text === name ? prompt.lastIndexOf(`\n${name}: `) + 1 : at;
}

/** Where a whole word stands last in a line, from `begin`; else -1. */
function lastWord(line: string, word: string, begin: number): number {
  const isLetter = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}]/u.test(char);
  for (let at = line.lastIndexOf(word); at >= begin; at = at === 0 ? -1 : line.lastIndexOf(word, at - 1))
    if (!isLetter(line[at - 1]) && !isLetter(line[at + word.length])) return at;
  return -1;
}
