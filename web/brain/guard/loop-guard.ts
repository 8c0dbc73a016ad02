/**
 * Owns the end of talk for talk's sake: a deterministic count over the lines of a room that only a person resets. The
 * model decides whether to speak; this decides when machines alone have spoken enough. It says so every time it acts.
 *
 * An allowance for directed mentions by agents whom the person trusts belongs to the People panel and is not here yet.
 */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { Utterance } from '../turn.ts';

/** Her own turns since a person last spoke. */
export const TURN_BUDGET = 6;
/** Answers to one and the same machine within {@link PAIR_WINDOW_MS}. */
export const PAIR_BUDGET = 3;
export const PAIR_WINDOW_MS = 120_000;
/** After her own line, for machines' lines that do not name her. */
export const COOLDOWN_MS = 5_000;
/** An unsigned line without headers is a person at a terminal; a program could write it too, so it counts so often. */
export const TERMINAL_RESETS = 6;
export const TERMINAL_WINDOW_MS = 600_000;

export type LoopVerdict =
  | { readonly kind: 'free' }
  | {
      readonly kind: 'held';
      readonly rule: 'turn-budget' | 'pair-window' | 'cooldown';
      readonly reason: string;
    };

/** What is remembered of a room's lines. */
export interface LoopState {
  readonly ownTurns: number;
  readonly ownLastAtMs: number | undefined;
  /** Whom she has not answered yet since they last spoke. */
  readonly waiting: ReadonlySet<Uuid>;
  /** Times of her lines that came after a line of that peer. */
  readonly exchanges: ReadonlyMap<Uuid, readonly number[]>;
  readonly terminalResets: readonly number[];
}

export const QUIET_ROOM: LoopState = {
  ownTurns: 0,
  ownLastAtMs: undefined,
  waiting: new Set(),
  exchanges: new Map(),
  terminalResets: [],
};

/** The state after one more line. Lines come in the room's order; times may stand still or go back. */
export function hear(state: LoopState, line: Utterance, selfId: Uuid): LoopState {
  if (line.peerId === selfId) return afterOwnLine(state, line.atMs);
  if (line.kind === 'human') {
    if (line.signed) return { ...QUIET_ROOM, terminalResets: state.terminalResets };
    const recent = state.terminalResets.filter((atMs) => line.atMs - atMs < TERMINAL_WINDOW_MS);
    if (recent.length < TERMINAL_RESETS) return { ...QUIET_ROOM, terminalResets: [...recent, line.atMs] };
  }
  return { ...state, waiting: new Set([...state.waiting, line.peerId]) };
}

/** `state` includes the trigger. */
export function judge(
  state: LoopState,
  trigger: Pick<Utterance, 'peerId' | 'name' | 'kind'>,
  now: { readonly atMs: number; readonly isAddressed: boolean },
): LoopVerdict {
  if (state.ownTurns >= TURN_BUDGET) {
    return held(
      'turn-budget',
      `I have spoken ${state.ownTurns} times since a person last did; I wait until one does.`,
    );
  }
  if (trigger.kind === 'human') return { kind: 'free' };
  const exchanges = (state.exchanges.get(trigger.peerId) ?? []).filter(
    (atMs) => elapsed(atMs, now.atMs) < PAIR_WINDOW_MS,
  );
  if (exchanges.length >= PAIR_BUDGET) {
    return held(
      'pair-window',
      `I have answered ${trigger.name} ${exchanges.length} times within ${PAIR_WINDOW_MS / 1_000} seconds; that is enough between us two.`,
    );
  }
  const { ownLastAtMs } = state;
  if (!now.isAddressed && ownLastAtMs !== undefined && elapsed(ownLastAtMs, now.atMs) < COOLDOWN_MS) {
    return held('cooldown', 'I have only just spoken, and this line of a machine does not name me.');
  }
  return { kind: 'free' };
}

/**
 * The verdict on a turn, from the room's lines alone: the same after a restart. Their order is that of arrival, never that
 * of clocks: a person's line resets whatever came before it, also where a clock was set back.
 */
export function judgeTurn(
  turn: { readonly talk: readonly Utterance[]; readonly trigger: Utterance; readonly nowMs: number },
  selfId: Uuid,
  isAddressed: boolean,
): LoopVerdict {
  const state = turn.talk.reduce((before, line) => hear(before, line, selfId), QUIET_ROOM);
  return judge(state, turn.trigger, { atMs: turn.nowMs, isAddressed });
}

function afterOwnLine(state: LoopState, atMs: number): LoopState {
  const exchanges = new Map(state.exchanges);
  for (const peerId of state.waiting) exchanges.set(peerId, [...(exchanges.get(peerId) ?? []), atMs]);
  return {
    ...state,
    ownTurns: state.ownTurns + 1,
    ownLastAtMs: atMs,
    waiting: new Set(),
    exchanges,
  };
}

/** A clock that went back counts as no time passed. */
function elapsed(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs);
}

function held(rule: Extract<LoopVerdict, { kind: 'held' }>['rule'], why: string): LoopVerdict {
  return { kind: 'held', rule, reason: `Loop guard: ${why}` };
}
