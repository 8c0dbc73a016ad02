/**
 * Owns taking one frame from its ledger row to its end. Every step is stored before the next one begins, so that a
 * restart goes on where it stopped: a text is never thought twice, and never said twice.
 */
import { TERMINAL_WINDOW_MS } from '../../brain/guard/loop-guard.ts';
import type { TurnInput, TurnOutcome, TurnProgress } from '../../brain/turn.ts';
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError } from '../../../shared/errors.ts';
import type { GenerateResult } from '../../../shared/inference/generate.ts';
import { uuidV4, type RandomSource } from '../../../shared/random.ts';
import { abortable, untilAborted } from '../abortable.ts';
import type { LedgerRow } from '../storage/database.ts';
import type { LedgerChange, LedgerStore } from '../storage/stores.ts';
import type { ChatRow, Conversation } from './conversation.ts';
import type { PersonaContext } from './persona-context.ts';
import type { Tenure } from './tenure.ts';
import { STALE_AFTER_MS } from './choose-frame.ts';
import { rosterOf, utteranceOf } from './utterance.ts';

export interface FrameDeps {
  readonly ctx: PersonaContext;
  readonly conversation: Conversation;
  readonly ledger: LedgerStore;
  readonly tenure: Tenure;
  readonly clock: Clock;
  readonly random: RandomSource;
  isAsleep(): boolean;
  /** Calls when she is put to sleep; returns the disposer. */
  onSleep(listener: () => void): () => void;
  /** `move`: this loop is stopped soon, and the frame taken up by the next one. */
  onDeviceLost(): 'again' | 'move';
  onProgress(progress: TurnProgress): void;
  /** What the engine counted, for a turn that reached it. */
  onUsage(usage: GenerateResult): void;
}

export type FrameEnd =
  | { readonly kind: 'replied' }
  | { readonly kind: 'silent'; readonly reason: string; readonly decidedBy: 'model' | 'loop-guard' | 'rule' }
  | { readonly kind: 'errored'; readonly error: AppError };

/** Lines of the room that a turn is handed. */
export const HISTORY_ROWS = 200;
/** The engine or the way to it broke under the turn: thought once more when it is back. */
const THINK_AGAIN: ReadonlySet<string> = new Set(['LaneDied', 'BridgeDown', 'BridgeTimeout', 'NotClaimed']);

/** Rejects only when the signal aborts or the store fails; the row then stays where it is, for the next start. */
export async function runFrame(row: LedgerRow, deps: FrameDeps, signal: AbortSignal): Promise<FrameEnd> {
  const advance = (change: Omit<LedgerChange, 'updatedAtMs'>): Promise<LedgerRow> =>
    deps.ledger.advance(row.peerId, row.triggerEventId, { ...change, updatedAtMs: deps.clock.nowMs() });

  const silent = async (reason: string, decidedBy: 'model' | 'loop-guard' | 'rule'): Promise<FrameEnd> => {
    await advance({ state: 'silent', reason });
    return { kind: 'silent', reason, decidedBy };
  };
  const errored = async (error: AppError): Promise<FrameEnd> => {
    await advance({ state: 'errored', reason: `${error.code}: ${error.message}` });
    return { kind: 'errored', error };
  };

  /** By her other home, in another browser; the ids of her answers are the same there. */
  const saidAlready = async (): Promise<boolean> => {
    const said = await deps.conversation.ownSaying(row.mid);
    if (said) await advance({ state: 'published', publishedEventId: said.eventId });
    return said !== undefined;
  };

  let present = row;
  const fence = await deps.tenure.confirm(signal);
  if (await saidAlready()) return { kind: 'replied' };
  if (present.state === 'seen' || present.state === 'claimed') {
    const trigger = await deps.conversation.find(row.triggerEventId);
    if (!trigger) return silent('the message is not in the log any more', 'rule');
    if (trigger.occurredAtMs < deps.clock.nowMs() - STALE_AFTER_MS)
      return silent('the message is too old', 'rule');
    const turnId = uuidV4(deps.random);
    await advance({ state: 'claimed', turnId });
    const outcome = await thinkUnlessAsleep(turnId, row, trigger, deps, signal);
    if (!outcome) return silent('she was put to sleep', 'rule');
    if (outcome.kind === 'errored') return errored(outcome.error);
    if (outcome.decision.kind === 'silent') return silent(outcome.decision.reason, outcome.decidedBy);
    present = await advance({ state: 'drafted', text: outcome.decision.text });
  }
  if (present.state === 'drafted') {
    // Left behind by a crash: after that long nobody waits for it any more.
    const trigger = await deps.conversation.find(row.triggerEventId);
    if (trigger && trigger.occurredAtMs < deps.clock.nowMs() - STALE_AFTER_MS)
      return silent('the answer was not sent in time', 'rule');
    present = await advance({ state: 'publishing' });
  }
  if (present.text === undefined) return errored(new AppError('Internal', 'A drafted frame has no text.'));
  try {
    const receipt = await abortable(deps.conversation.say(present.mid, present.text, fence), signal);
    await advance({ state: 'published', publishedEventId: receipt.eventId });
  } catch (error) {
    signal.throwIfAborted();
    return errored(toAppError(error));
  }
  // The receipt comes before the line: her next turn must not be thought without what she has just said.
  if (!(await deps.conversation.ownSaying(present.mid))) await deps.conversation.refresh(signal);
  return { kind: 'replied' };
}

/** Undefined when she is asleep, or put to sleep over it: that stops the engine, and the message is dealt with. */
async function thinkUnlessAsleep(
  turnId: string,
  row: LedgerRow,
  trigger: ChatRow,
  deps: FrameDeps,
  signal: AbortSignal,
): Promise<TurnOutcome | undefined> {
  if (deps.isAsleep()) return undefined;
  const sleep = new AbortController();
  const unsubscribe = deps.onSleep(() => {
    sleep.abort(new AppError('Aborted', 'She was put to sleep.'));
  });
  try {
    return await think(turnId, row, trigger, deps, AbortSignal.any([signal, sleep.signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (sleep.signal.aborted) return undefined;
    throw error;
  } finally {
    unsubscribe();
  }
}

async function think(
  turnId: string,
  row: LedgerRow,
  trigger: ChatRow,
  deps: FrameDeps,
  signal: AbortSignal,
): Promise<TurnOutcome> {
  const { ctx, tenure } = deps;
  for (let isLastTry = false; ; isLastTry = true) {
    const input = await turnInput(turnId, row, trigger, deps);
    const outcome = await ctx.cognition.think(
      input,
      (progress) => {
        deps.onProgress(progress);
      },
      signal,
    );
    signal.throwIfAborted();
    if (outcome.trace?.usage) deps.onUsage(outcome.trace.usage);
    if (outcome.kind === 'errored' && outcome.error.code === 'DeviceLost') {
      if (deps.onDeviceLost() === 'move') await untilAborted(signal);
    } else if (isLastTry || outcome.kind === 'decided' || !THINK_AGAIN.has(outcome.error.code))
      return outcome;
    ctx.log.log('warn', 'turn.again', { turn: turnId, code: outcome.error.code });
    await tenure.confirm(signal);
  }
}

async function turnInput(
  turnId: string,
  row: LedgerRow,
  trigger: ChatRow,
  { conversation, clock }: FrameDeps,
): Promise<TurnInput> {
  const covered = await Promise.all(row.coveredEventIds.map((eventId) => conversation.find(eventId)));
  const upTo = Math.max(trigger.arrival, ...covered.map((line) => line?.arrival ?? 0));
  const lines = await conversation.history(upTo, HISTORY_ROWS);
  const history = lines
    .filter((line) => line.eventId !== trigger.eventId && line.signature !== 'invalid')
    .map(utteranceOf);
  return {
    turnId,
    channel: conversation.channel,
    roomName: conversation.roomName,
    trigger: utteranceOf(trigger),
    coveredEventIds: row.coveredEventIds,
    history,
    talk: (await conversation.talk(upTo, TERMINAL_WINDOW_MS))
      .filter((line) => line.signature !== 'invalid')
      .map(utteranceOf),
    memories: [],
    roster: rosterOf([...history, utteranceOf(trigger)]),
    nowMs: clock.nowMs(),
  };
}
