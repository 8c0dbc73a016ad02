/** Owns how often what is asked and told in a training room. */
import type { SeededRandom } from '../../../../shared/testing/seeded-random.ts';
import type { AskingKind } from './draw.ts';

const WEIGHTS: readonly (readonly [AskingKind, number])[] = [
  ['greet', 12],
  ['introduce', 6],
  ['introduce-who', 6],
  ['who', 6],
  ['role', 4],
  ['who-am-i', 24],
  ['state', 6],
  ['recall', 26],
  ['recall-untold', 6],
  ['recall-other', 9],
  ['product', 16],
  ['general', 4],
  ['unknown', 8],
  ['sum', 6],
  ['large-sum', 2],
  ['time', 2],
  ['date', 3],
  ['room', 6],
  ['company', 5],
  ['talk', 14],
  ['chatter', 9],
  ['errand', 3],
];
const ABOUT_NAMES: readonly AskingKind[] = ['greet', 'greet', 'who-am-i', 'who-am-i', 'recall', 'talk'];
const TOTAL_WEIGHT = WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0);

export function drawKind(random: SeededRandom, isAboutNames: boolean): AskingKind {
  if (isAboutNames && random.chance(0.6)) return random.pick(ABOUT_NAMES);
  let left = random.next() * TOTAL_WEIGHT;
  return WEIGHTS.find(([, weight]) => (left -= weight) < 0)?.[0] ?? 'who';
}

/** What makes a room's own lines: less asking of the same, more telling. */
const LINE_WEIGHTS: readonly AskingKind[] = [
  'introduce',
  'introduce',
  'introduce-who',
  'state',
  'state',
  'state',
  'state',
  'chatter',
  'chatter',
  'chatter',
  'chatter',
  'talk',
  'talk',
  'product',
  'product',
  'sum',
  'unknown',
  'greet',
  'who',
  'role',
  'time',
  'general',
  'errand',
  'recall',
  'who-am-i',
];

export function drawLineKind(random: SeededRandom, isAboutNames: boolean): AskingKind {
  return isAboutNames && random.chance(0.25) ? 'introduce' : random.pick(LINE_WEIGHTS);
}
