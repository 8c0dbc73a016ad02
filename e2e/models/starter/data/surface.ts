/** Owns how a phrase reaches a room: small words around it, capitals or none, punctuation, typos, and whom it is said to. */
import type { SeededRandom } from '../../../../shared/testing/seeded-random.ts';

export type Form = 'question' | 'statement' | 'greeting';

const OPENERS: Readonly<Record<Form, readonly string[]>> = {
  question: (
    'so,|hey,|um,|please,|one question:|quick question:|by the way,|ok,|well,|sorry,|excuse me,|tell me,|hm,|one more thing:|' +
    'now,|right,|just curious:|actually,|hello,|hi,|I wonder,|and,|alright,|a question:|say,'
  ).split('|'),
  statement: 'so,|hey,|um,|by the way,|ok,|well,|hm,|now,|right,|actually,|and,|alright,|oh,|yes,'.split('|'),
  greeting: 'oh,|ah,|well,|so,'.split('|'),
};
const CLOSERS: Readonly<Record<Form, readonly string[]>> = {
  question: ['please', 'by the way', 'then', 'do you know', 'if I may ask', 'thanks', 'I wonder'],
  statement: ['by the way', 'you know', 'I think', 'just saying'],
  greeting: ['my friends', 'how nice'],
};
const ENDS: Readonly<Record<Form, readonly string[]>> = {
  question: ['?', '?', '?', '?', '?', '', '', '', '??', '.', ' ?'],
  statement: ['.', '.', '.', '', '', '', '!', '...'],
  greeting: ['!', '!', '', '', '.', ' :)'],
};
const TYPO_SHARE = 0.1;

/** The phrase with its slots still open. */
export function dress(phrase: string, form: Form, random: SeededRandom): string {
  let text = random.chance(TYPO_SHARE) ? withTypo(phrase, random) : phrase;
  if (form !== 'greeting' && random.chance(0.22)) text = `${random.pick(OPENERS[form])} ${text}`;
  if (random.chance(0.1)) text = `${text}${random.chance(0.6) ? ',' : ''} ${random.pick(CLOSERS[form])}`;
  return text;
}

export function ended(text: string, form: Form, random: SeededRandom): string {
  return /[.!?)]$/.test(text) ? text : text + random.pick(ENDS[form]);
}

export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

export function capitalOrNot(text: string, random: SeededRandom): string {
  return random.chance(0.55) ? capital(text) : text;
}

/** `text` said to `names`, in one of the ways people do. A name with blanks or signs is only called by "@" in front. */
export function saidTo(
  names: readonly string[],
  text: string,
  form: Form,
  isGreeting: boolean,
  random: SeededRandom,
): string {
  const [first = '', ...rest] = names;
  const called = rest.length === 0 ? first : `${first} ${random.pick(['and', '&'])} ${rest.join(' and ')}`;
  const at = names.map((name) => `@${name}`).join(' ');
  if (isGreeting) {
    return random.pick([
      `${capitalOrNot(text, random)} ${called}`,
      `${capitalOrNot(text, random)}, ${called}`,
      `@${called} ${text}`,
    ]);
  }
  // What is a whole sentence already is only called from the front.
  switch (random.between(0, /[.!?)]$/.test(text) ? 5 : 9)) {
    case 0:
    case 1:
      return `${at} ${capitalOrNot(text, random)}`;
    case 2:
      return `${at}, ${text}`;
    case 3:
    case 4:
      return `${called}, ${capitalOrNot(text, random)}`;
    case 5:
      return `${called}: ${capitalOrNot(text, random)}`;
    case 6:
    case 7:
      return `${capitalOrNot(text, random)}, ${called}${form === 'question' ? '?' : ''}`;
    case 8:
      return `${random.pick(['Hey', 'Hi', 'Hello', 'hey', 'ok', 'Ok'])} ${called}, ${text}`;
    default:
      return `${capitalOrNot(text, random)} ${at}`;
  }
}

/** One slip of a finger in one word that is no slot. */
function withTypo(phrase: string, random: SeededRandom): string {
  const words = phrase.split(' ');
  const long = words.flatMap((word, index) => (/^[a-z]{4,}$/.test(word) ? [index] : []));
  if (long.length === 0) return phrase;
  const index = random.pick(long);
  const word = words[index] ?? '';
  const at = random.between(1, word.length - 2);
  const [head, here, next, tail] = [
    word.slice(0, at),
    word.charAt(at),
    word.charAt(at + 1),
    word.slice(at + 2),
  ];
  words[index] = random.pick([
    head + next + here + tail,
    head + next + tail,
    head + here + here + next + tail,
  ]);
  return words.join(' ');
}
