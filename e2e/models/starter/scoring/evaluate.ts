/** Owns the evaluation as a whole: every kind on every split, journeys, the wasm sample, and the scores before. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { itemsOf, SCORED, SPLITS, type Split } from './items.ts';
import { walk, type Journey } from './journey.ts';
import type { Turn } from '../data/scene.ts';
import { isRight, openMind, type Answered, type Mind } from './mind.ts';
import { askInChromium } from './wasm-sample.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const SCORES = path('../scores.json');
const SEED = 20_261_126;

/** Percent by split, then kind; the number of items behind each. */
interface Scores {
  readonly items: Readonly<Record<string, number>>;
  readonly percent: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface EvaluationOptions {
  readonly model: string;
  /** Items behind a figure with a target, on the split that has the targets. */
  readonly most: number;
  readonly wasm: boolean;
  readonly store: boolean;
}

export async function evaluate(options: EvaluationOptions): Promise<void> {
  const mind = await openMind(options.model);
  // Each thinks on one thread, and two cores are the least that is counted on.
  const minds = [mind, await openMind(options.model)];
  const before = await readFile(SCORES, 'utf8').then(
    (text) => JSON.parse(text) as Scores,
    () => undefined,
  );
  const percent: Record<string, Record<string, number>> = {};
  const items: Record<string, number> = {};
  const sample: Answered[] = [];
  let unread = 0;
  let asked = 0;
  const wrong: string[] = [];
  for (const split of Object.keys(SPLITS) as Split[]) {
    const scores: Record<string, number> = (percent[split] = {});
    const decided = { speak: [0, 0], silent: [0, 0] } as {
      speak: [number, number];
      silent: [number, number];
    };
    for (const [number, [kind, { target }]] of Object.entries(SCORED).entries()) {
      const count = countOf(split, target !== undefined, options.most);
      const turns = itemsOf(split, kind, count, SEED + number);
      items[split] = Math.max(items[split] ?? 0, turns.length);
      let right = 0;
      for (const [turn, answered] of await askAll(minds, turns)) {
        asked += 1;
        if (!answered.decision) unread += 1;
        const isGood = isRight(turn, answered.decision);
        if (isGood) right += 1;
        else if (split === 'new' || split === 'templates')
          wrong.push(
            `${split} ${kind} | ${turn.input.trigger.text} | ${answered.result.text} | ${turn.expected.text}`,
          );
        const side = decided[turn.expected.speak ? 'speak' : 'silent'];
        side[1] += 1;
        if (answered.decision && (answered.decision.kind === 'spoke') === turn.expected.speak) side[0] += 1;
        if (split === 'new' && sample.length < 40 && asked % 7 === 0) sample.push(answered);
      }
      scores[kind] = share(right, turns.length);
    }
    scores['speak or silent'] = (share(...decided.speak) + share(...decided.silent)) / 2;
  }
  print(percent, before);
  console.log(
    `\n${asked} answers, ${asked - unread} of them a decision that can be read. Items: ${JSON.stringify(items)}`,
  );
  const journeys: Journey[] = [];
  for (let seed = 1; seed <= 20; seed += 1) journeys.push(await walk(mind, SEED + seed));
  const lines = [0, 1, 2].map((at) => journeys.filter(({ right }) => right[at]).length);
  console.log(
    `Journeys with names from seed ${SEED}: greeting ${lines[0]}, name ${lines[1]}, silence ${lines[2]} of 20`,
  );
  console.log(journeys[0]?.transcript.join('\n'));
  await Promise.all(minds.map((each) => each.dispose()));
  if (options.wasm) {
    const inTab = await askInChromium(
      options.model,
      sample.map(({ request }) => request),
    );
    const same = inTab.filter(({ text }, at) => text === sample[at]?.result.text).length;
    console.log(`The wasm lane said the same ${same} times of ${sample.length}.`);
  }
  await writeFile(path('../../../../.e2e/starter/wrong.txt'), wrong.join('\n'));
  if (options.store)
    await writeFile(SCORES, `${JSON.stringify({ items, percent, journeys: lines }, undefined, 2)}\n`);
}

/** In the order of the turns. */
async function askAll(minds: readonly Mind[], turns: readonly Turn[]): Promise<[Turn, Answered][]> {
  const answers: [Turn, Answered][] = [];
  const waiting = turns.entries();
  await Promise.all(
    minds.map(async (mind) => {
      for (const [at, turn] of waiting) answers[at] = [turn, await mind.ask(turn)];
    }),
  );
  return answers;
}

function countOf(split: Split, hasTarget: boolean, most: number): number {
  if (split === 'new') return hasTarget ? most : Math.ceil(most / 3);
  return Math.ceil(most / (split === 'templates' ? 3 : 10));
}

function share(right: number, all: number): number {
  return all === 0 ? Number.NaN : Math.round((1_000 * right) / all) / 10;
}

function print(percent: Scores['percent'], before: Scores | undefined): void {
  const splits = Object.keys(percent);
  console.log(
    ['kind'.padEnd(18), ...splits.map((split) => split.padStart(13)), '  target', '  new before'].join(''),
  );
  for (const kind of [...Object.keys(SCORED), 'speak or silent']) {
    const cells = splits.map((split) => String(percent[split]?.[kind]?.toFixed(1) ?? '').padStart(13));
    const target = kind === 'speak or silent' ? 95 : SCORED[kind]?.target;
    const missed = target !== undefined && (percent['new']?.[kind] ?? 0) < target ? ' missed' : '';
    console.log(
      `${kind.padEnd(18)}${cells.join('')}  ${target ?? ''}${missed}  ${before?.percent['new']?.[kind] ?? ''}`,
    );
  }
}
