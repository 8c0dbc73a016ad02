/** Owns the small facts that people of training rooms tell of themselves, and what fills the slots of phrases. */
import type { SeededRandom } from '../../../../shared/testing/seeded-random.ts';
import { drawName } from './names.ts';
import { hashOf } from './phrase.ts';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const COLOURS = words(
  'red blue green yellow purple orange black white pink brown grey silver gold teal violet crimson olive navy amber ivory',
);
export const CITIES = words(
  'Oslo Paris Rome Berlin Lima Cairo Delhi Tokyo Madrid Vienna Dublin Prague Lisbon Quito Riga Bern Sofia Seoul Nairobi Boston Porto Ghent Dakar Hanoi Perth Turin Basel Malmo Accra Leeds Osaka Tampa Minsk Tunis Lagos Bergen',
);
export const DAYS = words('Monday Tuesday Wednesday Thursday Friday Saturday Sunday');
export const FOODS = words(
  'pizza soup rice pasta bread curry salad cheese sushi stew tacos pancakes noodles beans cake dumplings risotto lentils waffles porridge',
);
export const HOUSES = words('blue red north south green old new upper lower silver');
export const PETS = words('dog cat parrot horse rabbit turtle hamster goat canary pony lizard ferret');
const JOBS = words(
  'nurse baker pilot teacher painter farmer driver plumber tailor doctor sailor singer lawyer potter barber welder dentist florist miner chef',
);
const HOBBIES = words(
  'chess hiking swimming knitting sailing reading cycling painting fishing dancing juggling running skating baking archery rowing',
);
const INSTRUMENTS = words('piano violin guitar flute drums cello harp trumpet banjo oboe organ tuba');
const LANGUAGES = words(
  'French German Spanish Italian Polish Swedish Turkish Hindi Arabic Greek Dutch Finnish Welsh',
);
const MONTHS = words('January February March April May June July August September October November December');
const DRINKS = words('tea coffee water juice milk cocoa lemonade cider');

/** What a fact is about, and a value for it. `nature` names share their pool with people's names. */
const THINGS: readonly (readonly [
  thing: string,
  value: (random: SeededRandom, heldOut: boolean) => string,
])[] = [
  ['favourite colour', (random) => random.pick(COLOURS)],
  ['favorite color', (random) => random.pick(COLOURS)],
  ['home town', (random) => random.pick(CITIES)],
  ['city', (random) => random.pick(CITIES)],
  ['meeting day', (random) => random.pick(DAYS)],
  ['favourite food', (random) => random.pick(FOODS)],
  ['favourite drink', (random) => random.pick(DRINKS)],
  ['job', (random) => random.pick(JOBS)],
  ['hobby', (random) => random.pick(HOBBIES)],
  ['instrument', (random) => random.pick(INSTRUMENTS)],
  ['first language', (random) => random.pick(LANGUAGES)],
  ['birth month', (random) => random.pick(MONTHS)],
  ['lucky number', (random) => String(random.between(2, 99))],
  ['house number', (random) => String(random.between(2, 399))],
  ['locker code', (random) => String(random.between(100, 9_999))],
  ['project', drawName],
  ['boss', drawName],
  ["sister's name", drawName],
  ["brother's name", drawName],
  ['best friend', drawName],
  [
    'code word',
    (random, heldOut) =>
      random.chance(0.5) ? drawName(random, heldOut).toLowerCase() : random.pick([...FOODS, ...COLOURS]),
  ],
];

export interface Fact {
  readonly thing: string;
  readonly value: string;
}

/** The value is of the asked side: one of six values is never trained as the value of that thing. */
export function drawFact(random: SeededRandom, heldOut: boolean): Fact {
  for (;;) {
    if (random.chance(0.15))
      return { thing: `${random.pick(PETS)}'s name`, value: drawName(random, heldOut) };
    const [thing, draw] = random.pick(THINGS);
    const value = draw(random, heldOut);
    const isName = draw === drawName;
    if (isName || (hashOf(`${thing}=${value}`) % 6 === 0) === heldOut) return { thing, value };
  }
}

/** A thing nobody has told. */
export function drawThing(random: SeededRandom): string {
  return random.chance(0.15) ? `${random.pick(PETS)}'s name` : random.pick(THINGS)[0];
}

const FILLERS: Readonly<Record<string, (random: SeededRandom) => string>> = {
  food: (random) => random.pick(FOODS),
  city: (random) => random.pick(CITIES),
  day: (random) => random.pick(DAYS),
  colour: (random) => random.pick(COLOURS),
  pet: (random) => random.pick(PETS),
  hobby: (random) => random.pick(HOBBIES),
  language: (random) => random.pick(LANGUAGES),
  clock: (random) => `${random.between(6, 22)}:${String(random.between(0, 59)).padStart(2, '0')}`,
  number: (random) => String(random.between(2, 60)),
};

/** Fills `{slots}`; names that are not given are fillers of this file. */
export function fillSlots(
  phrase: string,
  given: Readonly<Record<string, string>>,
  random: SeededRandom,
): string {
  return phrase.replaceAll(/\{(\w+)\}/g, (_all, slot: string) => {
    const value = given[slot] ?? FILLERS[slot]?.(random);
    if (value === undefined) throw new Error(`nothing fills {${slot}} of "${phrase}"`);
    return value;
  });
}
