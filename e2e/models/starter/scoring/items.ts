/** Owns the questions of the evaluation: kind by kind, and for each split what of them training has never seen. */
import { SeededRandom } from '../../../../shared/testing/seeded-random.ts';
import type { AskingKind } from '../data/draw.ts';
import { drawRoom, type RoomShape } from '../data/room.ts';
import { TRAINED, type HeldOut, type Turn } from '../data/scene.ts';

export const SPLITS = {
  seen: TRAINED,
  names: { ...TRAINED, names: true },
  roles: { ...TRAINED, roles: true },
  values: { ...TRAINED, values: true },
  compositions: { ...TRAINED, phrases: 'compositions' },
  /** All four at once. */
  new: { names: true, roles: true, values: true, phrases: 'compositions' },
  templates: { names: true, roles: true, values: true, phrases: 'templates' },
} as const satisfies Readonly<Record<string, HeldOut>>;
export type Split = keyof typeof SPLITS;

/** What is reported, from which askings it comes, and the share wanted on the split `new`. */
export const SCORED: Readonly<
  Record<string, { readonly from: readonly AskingKind[]; readonly target?: number }>
> = {
  who: { from: ['who'], target: 98 },
  role: { from: ['role'], target: 98 },
  greet: { from: ['greet'], target: 95 },
  introduce: { from: ['introduce'], target: 95 },
  'introduce-who': { from: ['introduce-who'], target: 95 },
  'who-am-i': { from: ['who-am-i'], target: 95 },
  'who-am-i-untold': { from: ['who-am-i'] },
  state: { from: ['state'] },
  recall: { from: ['recall'], target: 92 },
  'recall-untold': { from: ['recall-untold'] },
  'recall-other': { from: ['recall-other'] },
  product: { from: ['product'], target: 92 },
  general: { from: ['general'] },
  unknown: { from: ['unknown'], target: 92 },
  sum: { from: ['sum'], target: 90 },
  'large-sum': { from: ['large-sum'] },
  time: { from: ['time'] },
  date: { from: ['date'] },
  room: { from: ['room'] },
  company: { from: ['company'] },
  talk: { from: ['talk'] },
  'silent-other': {
    from: ['who', 'product', 'errand', 'sum', 'greet', 'talk', 'recall-untold', 'unknown', 'chatter'],
  },
  'silent-nobody': { from: ['chatter'] },
};

/** `count` turns of one kind; fewer where a split has hardly any. */
export function itemsOf(split: Split, kind: string, count: number, seed: number): Turn[] {
  const random = new SeededRandom(seed);
  const turns: Turn[] = [];
  const from = SCORED[kind]?.from ?? [];
  for (let tries = 0; turns.length < count && tries < count * 60; tries += 1) {
    const own = random.fork();
    const shape: RoomShape = {
      lines: own.between(0, kind === 'who-am-i' || kind === 'recall' ? 16 : 12),
      turns: 1,
      people: own.chance(0.4) ? 'few' : 'some',
      isAboutNames: false,
    };
    turns.push(...drawRoom(own, SPLITS[split], shape, [own.pick(from)]).filter((turn) => turn.kind === kind));
  }
  return turns.slice(0, count);
}
