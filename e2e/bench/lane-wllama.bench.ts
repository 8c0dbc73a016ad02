import { afterAll, beforeAll, it } from 'vitest';
import { startBenchPage, type BenchPage } from './bench-page.ts';
import { writeBenchModels, type BenchModels } from './bench-models.ts';
import { firstTokenRows, turnRow, type Arms, type Ask } from './lane-rows.ts';

const ROWS = {
  what: 'B1 lane in the tab',
  against: 'bare wllama',
  atMostRatio: 1.05,
  atMostAddedMs: 2,
};
/** Far above what a turn takes on any machine: a bare engine that never answers is broken. */
const WITHIN_MS = 120_000;

let models: BenchModels;
let page: BenchPage;
beforeAll(async () => {
  models = await writeBenchModels();
  page = await startBenchPage({ mid: models.mid, small: models.small });
});
afterAll(async () => {
  await page.stop();
  await models.remove();
});

async function open(modelId: string): Promise<Arms> {
  const { contextTokens } = await page.openLane(modelId);
  const openRaw = async (name: string): Promise<Ask> => {
    await page.openRaw(name, modelId, { contextTokens, parallel: 1 });
    return async (request) => {
      const [turn] = await page.askRaw(name, [request], WITHIN_MS);
      if (!turn) throw new Error(`The bare engine gave no answer within ${WITHIN_MS / 1_000} s.`);
      return turn;
    };
  };
  return {
    lane: async (request) => (await page.askLane([request]))[0]!,
    raw: await openRaw('raw'),
    control: await openRaw('control'),
  };
}

it('the lane in the tab against wllama by itself, in the same page', async () => {
  console.log(await turnRow(await open('mid'), ROWS));
});

it('what the lane adds before the first word', async () => {
  for (const line of await firstTokenRows(await open('small'), ROWS)) console.log(line);
});
