import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonDecision, type DecisionEncoding } from '../../shared/inference/decision.ts';
import { startBenchPage, type BenchPage } from './bench-page.ts';
import { shortRequest, STARTER, writeBenchModels, type BenchModels } from './bench-models.ts';
import { startCompanionClient } from './companion-client.ts';
import type { Ask } from './lane-rows.ts';
import { ratioLine, verdict } from './report.ts';
import { roomTurn, withoutGrammar } from './room-requests.ts';
import { interleave } from './rounds.ts';
import { msPerToken, timeLane, type TimedTurn } from './timed-turn.ts';

const TURNS = 40;
const AT_MOST = 1.15;
const LINES = 6;
/** Short: random weights fill a text to its bound. */
const WILD = jsonDecision({ maxTextChars: 40, maxReasonChars: 40 });

let models: BenchModels;
let page: BenchPage;
beforeAll(async () => {
  models = await writeBenchModels();
  page = await startBenchPage({ starter: STARTER, small: models.small });
});
afterAll(async () => {
  await page.stop();
  await models.remove();
});

/** A model that was taught the form: what it says by itself the grammar accepts, token by token. */
async function taught(lane: string, ask: Ask): Promise<void> {
  const asked = (isBound: boolean) => async (round: number) => {
    const { request } = await roomTurn(round, LINES);
    const free = withoutGrammar(request);
    // Each finds the prompt read, whoever is first.
    await ask({ ...free, maxTokens: 1 });
    return ask(isBound ? request : free);
  };
  const turns = await interleave<'bound' | 'free' | 'control', TimedTurn>(TURNS, {
    bound: asked(true),
    free: asked(false),
    control: asked(false),
  });
  const same = turns.bound.filter(({ text }, at) => text === turns.free[at]?.text).length;
  console.log(
    ratioLine({
      what: `B12 decision grammar, ${lane}, starter model, per token (same text in ${same} of ${TURNS} turns)`,
      ours: turns.bound.map(msPerToken),
      baseline: turns.free.map(msPerToken),
      control: turns.control.map(msPerToken),
      against: 'without grammar',
      atMost: AT_MOST,
    }),
  );
  const { encoding } = await roomTurn(1, LINES);
  expect(unread(turns.bound, encoding)).toBe(0);
}

/** A model of random weights: it says the form only where it has to. */
async function untaught(lane: string, ask: Ask): Promise<void> {
  const request = (round: number) => shortRequest(round, WILD.maxTokens);
  const turns = await interleave<'bound' | 'free', TimedTurn>(TURNS, {
    bound: (round) => ask({ ...request(round), grammar: WILD.grammar }),
    free: (round) => ask(request(round)),
  });
  const [bound, free] = [unread(turns.bound, WILD), unread(turns.free, WILD)];
  console.log(
    `B12 decision grammar, ${lane}, random model, answers that cannot be read: ${bound} of ${TURNS}; ` +
      `without grammar ${free} of ${TURNS}; target 0 against more than 0; ${verdict(bound === 0 && free > 0)}`,
  );
}

function unread(turns: readonly TimedTurn[], encoding: DecisionEncoding): number {
  return turns.filter(({ text }) => !encoding.decode(text).ok).length;
}

describe('the grammar of a decision, against the same turns without it', () => {
  it('in the tab', async () => {
    const ask: Ask = async (request) => (await page.askLane([request]))[0]!;
    await page.openLane('starter');
    await taught('lane in the tab', ask);
    await page.openLane('small');
    await untaught('lane in the tab', ask);
  });

  it.each([
    ['a model that was taught the form', STARTER, taught],
    ['random weights', undefined, untaught],
  ] as const)('in the companion, %s', async (_name, model, compare) => {
    const { lane, stop } = await startCompanionClient(model ?? models.small);
    try {
      await compare('lane of the companion', (request) => timeLane(lane.generate(request)));
    } finally {
      await stop();
    }
  });
});
