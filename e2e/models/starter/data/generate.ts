/** Owns the program that writes training data: `generate.js STAGE SEED ROOMS FILE`, one tree of turns a line. */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { SeededRandom } from '../../../../shared/testing/seeded-random.ts';
import { CONTROL_TOKENS, DECISION_PHRASES, FRAME_PHRASES, CONTEXT_TOKENS } from '../starter-form.ts';
import { treeOf } from './emit.ts';
import { drawRoom, type RoomShape } from './room.ts';
import { TRAINED } from './scene.ts';

export const STAGES = {
  short: { lines: [0, 3], people: 'few', isAboutNames: false },
  middle: { lines: [2, 9], people: 'some', isAboutNames: false },
  far: { lines: [8, 28], people: 'some', isAboutNames: false },
  long: { lines: [26, 80], people: 'some', isAboutNames: false },
  names: { lines: [4, 26], people: 'many', isAboutNames: true },
} as const;
const TURNS = 12;
export type StageName = keyof typeof STAGES;

function shapeOf(stage: StageName, random: SeededRandom): RoomShape {
  const { lines, ...shape } = STAGES[stage];
  return { lines: random.between(lines[0], lines[1]), turns: TURNS, ...shape };
}

/** The same seed gives the same trees. */
export async function* trees(stage: StageName, seed: number, rooms: number): AsyncGenerator<string> {
  const random = new SeededRandom(seed);
  for (let room = 0; room < rooms; room += 1) {
    const own = random.fork();
    yield JSON.stringify(await treeOf(drawRoom(own, TRAINED, shapeOf(stage, own))));
  }
}

export const FORM = JSON.stringify({
  context: CONTEXT_TOKENS,
  control: CONTROL_TOKENS,
  frame: FRAME_PHRASES,
  decision: DECISION_PHRASES,
});

async function main(stage: string, seed: string, rooms: string, file: string): Promise<void> {
  const out = createWriteStream(file);
  out.write(`${FORM}\n`);
  for await (const tree of trees(stage as StageName, Number(seed), Number(rooms)))
    if (!out.write(`${tree}\n`)) await once(out, 'drain');
  out.end();
  await once(out, 'finish');
}

const [, , stage, seed, rooms, file] = process.argv;
if (stage !== undefined && seed !== undefined && rooms !== undefined && file !== undefined)
  await main(stage, seed, rooms, file);
