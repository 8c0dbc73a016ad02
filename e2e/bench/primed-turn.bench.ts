import { afterAll, beforeAll, it } from 'vitest';
import type { GenerateRequest } from '../../shared/inference/generate.ts';
import { startBenchPage, type BenchPage } from './bench-page.ts';
import { STARTER } from './bench-models.ts';
import { startCompanionClient } from './companion-client.ts';
import type { Ask } from './lane-rows.ts';
import { ms, spreadOf, verdict } from './report.ts';
import { roomTurn } from './room-requests.ts';
import { interleave } from './rounds.ts';
import { timeLane } from './timed-turn.ts';

const BOOTS = 7;
const AT_MOST = 1.3;
/** A room that has been talked in for a while, and the two lines until its next turn. */
const LINES = 24;
const LINES_BETWEEN = 2;

let page: BenchPage;
beforeAll(async () => {
  page = await startBenchPage({ starter: STARTER });
});
afterAll(() => page.stop());

/** Times to the first token. */
interface Boot {
  readonly first: number;
  readonly second: number;
  /** A room of which the engine has read nothing but the rules that all rooms share. */
  readonly elsewhere: number;
}

async function turnsOf(ask: Ask, boot: number): Promise<Boot> {
  const firstMs = async (room: number, lines: number): Promise<number> =>
    (await ask((await roomTurn(room, lines)).request)).firstMs;
  return {
    first: await firstMs(2 * boot, LINES),
    second: await firstMs(2 * boot, LINES + LINES_BETWEEN),
    elsewhere: await firstMs(2 * boot + 1, LINES),
  };
}

/** What the product has the engine read when it starts: the room, and nobody who asks. */
async function before(boot: number): Promise<GenerateRequest> {
  return (await roomTurn(2 * boot, LINES, '')).request;
}

async function inTab(boot: number, isWarm: boolean): Promise<Boot> {
  await page.openLane('starter');
  if (isWarm) await page.warmLane((await before(boot)).messages);
  return turnsOf((request) => page.countAndAskLane(request), boot);
}

async function inCompanion(boot: number, isWarm: boolean): Promise<Boot> {
  const { lane, stop } = await startCompanionClient(STARTER);
  try {
    if (isWarm) await lane.warmup(undefined, (await before(boot)).messages);
    return await turnsOf(async (request) => {
      const dueMs = performance.now();
      await lane.countPromptTokens(request.messages);
      return timeLane(lane.generate(request), dueMs);
    }, boot);
  } finally {
    await stop();
  }
}

it.each([
  ['lane in the tab', inTab],
  ['lane of the companion', inCompanion],
] as const)('the first turn after a boot, %s', async (name, boot) => {
  const boots = await interleave<'warm' | 'cold', Boot>(BOOTS, {
    warm: (round) => boot(round, true),
    cold: (round) => boot(round, false),
  });
  const row = (what: string, next: 'second' | 'elsewhere'): string => {
    const median = (of: readonly Boot[], pick: keyof Boot): string =>
      ms(spreadOf(of.map((b) => b[pick])).median);
    const ratio = (of: readonly Boot[]) => spreadOf(of.map((b) => b.first / b[next]));
    const [warm, cold] = [ratio(boots.warm), ratio(boots.cold)];
    const range = `${warm.least.toFixed(2)} to ${warm.most.toFixed(2)}`;
    return (
      `B7 ${name}, first token of turn 1 in a room that was read: ${median(boots.warm, 'first')}; ` +
      `${what} ${median(boots.warm, next)}; ratio ${warm.median.toFixed(2)} (${range}); ` +
      `unread ${median(boots.cold, 'first')}, ${median(boots.cold, next)}, ` +
      `ratio ${cold.median.toFixed(2)}; target <= ${AT_MOST}x; ${verdict(warm.median <= AT_MOST)}`
    );
  };
  console.log(row('turn 2, two lines later', 'second'));
  console.log(row('a turn in another room', 'elsewhere'));
});
