/** Owns the role cards of training rooms: the product's own four and composed ones, some of them held out. */
import { ROLE_CARDS, type RoleCard } from '../../../../shared/persona/roles.ts';
import type { SeededRandom } from '../../../../shared/testing/seeded-random.ts';
import { hashOf } from './phrase.ts';

const MANNERS =
  'friendly careful curious patient quiet cheerful practical gentle bold honest tidy steady lively thoughtful kind witty exact modest brave calm keen loyal bright humble swift'.split(
    ' ',
  );
const FIELDS =
  'garden kitchen music travel science history language code book sports weather film health chess maths art news home bird boat game photo tea map star river data paper train wood cloud stone bread theatre market forest school radio puzzle design'.split(
    ' ',
  );
const CALLINGS =
  'helper guide teacher keeper writer planner friend coach critic librarian reviewer host scout advisor companion expert editor tester collector watcher mentor tutor'.split(
    ' ',
  );
const TAILS = [
  'who is always around',
  'who likes short answers',
  'at home in every language',
  'with an eye for detail',
  'who never hurries',
  'for everyone in the room',
  'with good questions',
  'who knows the basics',
];
const HABITS = [
  'you answer what you know and point to whoever knows the rest',
  'you find the cause and say how to fix it',
  'you check what others claim',
  'you listen first',
  'you keep things simple',
  'you give one idea at a time',
];
const VOICES = [
  'friendly and brief',
  'calm and exact',
  'to the point',
  'your own',
  'warm, a sentence or two',
  'plain words',
  'light and playful',
  'polite and short',
];
const OWN = Object.values(ROLE_CARDS);

/** A card of the asked side; the product's own cards are always trained. */
export function drawRoleCard(random: SeededRandom, heldOut: boolean): RoleCard {
  if (!heldOut && random.chance(0.35)) return random.chance(0.5) ? ROLE_CARDS.helper : random.pick(OWN);
  for (;;) {
    const shape = random.between(0, 3);
    const noun = `${random.pick(FIELDS)} ${random.pick(CALLINGS)}`;
    const role =
      shape === 0
        ? `${article(noun)} ${noun}`
        : shape === 1
          ? `a ${random.pick(CALLINGS)} ${random.pick(TAILS)}`
          : withManner(random, shape === 2 ? noun : random.pick(CALLINGS));
    const words = role.replace(/^an? /, '');
    if ((hashOf(words) % 6 === 0) !== heldOut) continue;
    const description = random.chance(0.6) ? `${role}: ${random.pick(HABITS)}` : role;
    return { description, voice: random.pick(VOICES), maxAnswerChars: random.pick([400, 800, 1_900]) };
  }
}

/** The part of a card that she says of herself: the words before the colon. */
export function spokenRole(card: RoleCard): string {
  return card.description.replace(/:.*$/, '');
}

function withManner(random: SeededRandom, noun: string): string {
  const manner = random.pick(MANNERS);
  return `${article(manner)} ${manner} ${noun}`;
}

function article(word: string): string {
  return /^[aeiou]/i.test(word) ? 'an' : 'a';
}
