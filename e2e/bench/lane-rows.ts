/** Owns the rows that a lane has beside its bare engine: the time of a whole turn, and what comes before its first word. */
import { expect } from 'vitest';
import { addedLine, ratioLine } from './report.ts';
import { interleave } from './rounds.ts';
import type { GenerateRequest } from '../../shared/inference/generate.ts';
import type { TimedTurn } from './timed-turn.ts';
import { shortRequest } from './bench-models.ts';

export type Ask = (request: GenerateRequest) => Promise<TimedTurn>;

export interface Arms {
  readonly lane: Ask;
  readonly raw: Ask;
  /** The bare engine once more, an instance of its own. */
  readonly control: Ask;
}

export interface LaneRows {
  /** "B1 lane in the tab". */
  readonly what: string;
  readonly against: string;
  readonly atMostRatio: number;
  readonly atMostAddedMs: number;
}

const TURNS = 20;
const TOKENS = 64;
/** Short ones, so that every one of them shows what the lane adds. */
const SHORT_TURNS = 100;
const FEW_TOKENS = 4;

/** Turns with a prompt that no engine knows yet. */
export async function turnRow(arms: Arms, rows: LaneRows): Promise<string> {
  const turns = await interleave(
    TURNS,
    asking(arms, (round) => shortRequest(round, TOKENS)),
  );
  expect(turns.lane.every(({ tokens }) => tokens === TOKENS)).toBe(true);
  const size = `${turns.lane[0]!.promptTokens} + ${TOKENS} tokens`;
  const { what, atMostRatio } = rows;
  const wall = samples(turns, rows, ({ totalMs }) => totalMs);
  return ratioLine({ ...wall, what: `${what}, a turn of ${size}`, atMost: atMostRatio });
}

/**
 * Of a model so small that reading a prompt takes a few milliseconds: of a larger one it varies from turn to turn by far
 * more than a lane adds, which is the same for every model. Of a prompt read before, reading falls away altogether.
 */
export async function firstTokenRows(arms: Arms, rows: LaneRows): Promise<readonly string[]> {
  const row = async (kind: string, request: (round: number) => GenerateRequest): Promise<string> => {
    const turns = await interleave(SHORT_TURNS, asking(arms, request));
    const first = samples(turns, rows, ({ firstMs }) => firstMs);
    const what = `${rows.what}, first token of ${kind} prompt of ${turns.lane[0]!.promptTokens} tokens`;
    return addedLine({ ...first, what, atMost: rows.atMostAddedMs });
  };
  return [
    await row('an unread', (round) => shortRequest(round, FEW_TOKENS)),
    await row('a known', () => shortRequest(1, FEW_TOKENS)),
  ];
}

type Turns = Readonly<Record<keyof Arms, readonly TimedTurn[]>>;

function asking(
  { lane, raw, control }: Arms,
  request: (round: number) => GenerateRequest,
): Record<keyof Arms, (round: number) => Promise<TimedTurn>> {
  return {
    lane: (round) => lane(request(round)),
    raw: (round) => raw(request(round)),
    control: (round) => control(request(round)),
  };
}

function samples(turns: Turns, { against }: LaneRows, pick: (turn: TimedTurn) => number) {
  const work = (of: readonly TimedTurn[]): string =>
    of.map(({ promptTokens, tokens }) => `${promptTokens}+${tokens}`).join(' ');
  expect(work(turns.lane)).toBe(work(turns.raw));
  return {
    ours: turns.lane.map(pick),
    baseline: turns.raw.map(pick),
    control: turns.control.map(pick),
    against,
  };
}
