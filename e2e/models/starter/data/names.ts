/** Owns the names of training rooms: the product's own, common ones of the world, and made-up ones, some held out. */
import { NAME_POOLS } from '../../../../shared/persona/names.ts';
import type { SeededRandom } from '../../../../shared/testing/seeded-random.ts';
import { hashOf } from './phrase.ts';

const WORLD = `
  Aaliyah Abdul Abigail Adebayo Aditi Ahmed Aiko Aisha Akira Alejandro Alessia Alice Aliya Ama Amina Amir Ana Anders
  Angela Anita Anna Anya Arjun Asha Ayo Bao Beatriz Bilal Bjorn Brenda Brian Callum Carlos Chen Chidi Chloe Claire
  Connor Dae Daniel Danielle Deepa Derek Diego Dmitri Ebony Eduardo Eleni Emma Eun Ezra Faisal Farid Fatima Fernando
  Francesca Gabriela Gareth Giovanni Grace Hana Harper Haruto Hassan Heidi Hiro Hye Ibrahim Imran Indira Ingo Isabel
  Ivo Jada Jamal James Javier Jelena Jin Joanna Jorge Jose Juan Jun Kabir Kamala Karim Kate Kemal Kenji Khadija Kofi
  Krishna Kwame Laila Lakshmi Lauren Layla Liam Ling Lorenzo Lucy Mahmoud Mai Manuela Maria Mariam Marta Mateus Mei
  Mehmet Miguel Miriam Mohammed Mustafa Nadine Naveen Ngozi Nikhil Nils Nkechi Noor Olu Omar Oksana Pablo Padma Parisa
  Pavel Pedro Prakash Priya Qing Rachel Rajesh Rania Rashid Ravi Rebecca Rina Rohan Rosario Sadia Said Sakura Salma
  Sanjay Santiago Sara Shanti Sofia Sophie Suki Sunita Susan Tadashi Takeshi Tanya Tariq Tatiana Tendai Thandi Tomas
  Uma Usha Vikram Vivian Wei Wen Winston Xin Yasmin Yosef Yusuf Zainab Zara Zeynep Zhen Zuri
`;

const ONSETS =
  'b c d f g h j k l m n p r s t v w z br ch cl cr dr fl fr gl gr kl kr pl pr qu sh sk sl sm st str sw th tr tw y x'.split(
    ' ',
  );
const VOWELS = 'a e i o u a e i o a e i y ai ea ee ei ia ie io oa oo ou au ue'.split(' ');
const CODAS = 'n r l s m k t d x th nd rt ck sh ng p lf st ll nn v z b'.split(' ');

const COMMON = [...NAME_POOLS.persona, ...NAME_POOLS.human, ...WORLD.trim().split(/\s+/)];
/** Words that would make another sense of a line, and those that prompts reserve. */
const TAKEN: ReadonlySet<string> = new Set(
  'all here room everyone everybody you user system assistant memory models people backup'.split(' '),
);

/** One of ten names, told by the name itself: training never sees these. */
export function isHeldOutName(name: string): boolean {
  return hashOf(name.toLowerCase()) % 10 === 0;
}

/** A capitalised name of the asked side. */
export function drawName(random: SeededRandom, heldOut: boolean): string {
  for (;;) {
    const name = random.chance(0.45) ? random.pick(COMMON) : madeUp(random);
    const { length } = name;
    if (length >= 3 && length <= 10 && !TAKEN.has(name.toLowerCase()) && isHeldOutName(name) === heldOut)
      return name;
  }
}

/** Names that differ in more than their capitals. */
export function drawNames(random: SeededRandom, count: number, heldOut: boolean): string[] {
  const names = new Map<string, string>();
  while (names.size < count) {
    const name = drawName(random, heldOut);
    names.set(name.toLowerCase(), name);
  }
  return [...names.values()];
}

function madeUp(random: SeededRandom): string {
  const syllables = random.pick([1, 2, 2, 2, 3]);
  let name = random.chance(0.2) ? random.pick(VOWELS).slice(0, 1) : '';
  for (let syllable = 0; syllable < syllables; syllable += 1)
    name += random.pick(ONSETS) + random.pick(VOWELS);
  if (random.chance(0.6)) name += random.pick(CODAS);
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
