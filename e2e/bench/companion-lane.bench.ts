import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeBenchModels, type BenchModels } from './bench-models.ts';
import { startCompanionClient } from './companion-client.ts';
import { loadDirectLlama } from './direct-llama.ts';
import { firstTokenRows, turnRow, type Arms } from './lane-rows.ts';
import { timeLane } from './timed-turn.ts';

const ROWS = {
  what: 'B2 lane of the companion',
  against: 'bare node-llama-cpp',
  atMostRatio: 1.1,
  atMostAddedMs: 5,
};

let models: BenchModels;
const ends: (() => Promise<void>)[] = [];
beforeEach(async () => {
  models = await writeBenchModels();
  ends.push(() => models.remove());
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** Socket, companion and child on one side, the same engine in this process on the other. */
async function open(path: string): Promise<Arms> {
  const client = await startCompanionClient(path);
  ends.push(client.stop);
  const { lane } = client;
  expect(lane.report.lane).toBe('companion');
  const direct = await loadDirectLlama(path, lane.report);
  ends.push(() => direct.dispose());
  return {
    lane: (request) => timeLane(lane.generate(request)),
    raw: await direct.open(),
    control: await direct.open(),
  };
}

it('the lane of the companion over the bridge against llama.cpp by itself', async () => {
  console.log(await turnRow(await open(models.mid), ROWS));
});

it('what the bridge adds before the first word', async () => {
  for (const line of await firstTokenRows(await open(models.small), ROWS)) console.log(line);
});
