/** Owns the service loop of one persona: recover, then read, choose, run; one turn at a time. */
import type { TurnProgress } from '../../brain/turn.ts';
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError } from '../../../shared/errors.ts';
import type { GenerateResult } from '../../../shared/inference/generate.ts';
import { uuidV4, type RandomSource } from '../../../shared/random.ts';
import type { Lease } from '../citizen/lease.ts';
import type { LedgerRow } from '../storage/database.ts';
import type { LedgerStore } from '../storage/stores.ts';
import { chooseFrame } from './choose-frame.ts';
import type { ChatRow, Conversation, IncomingBurst } from './conversation.ts';
import type { PersonaContext } from './persona-context.ts';
import { replyMid } from './reply-mid.ts';
import { startPriming, type Priming } from './prime-room.ts';
import { runFrame, type FrameDeps, type FrameEnd } from './run-frame.ts';
import { Tenure } from './tenure.ts';
import type { ServeOutcome } from './serve-outcome.ts';

/** What a persona's loop tells about itself, for the page and the log. */
export type ServeNews =
  | { readonly kind: 'idle' }
  | { readonly kind: 'thinking'; readonly progress?: TurnProgress }
  | { readonly kind: 'ended'; readonly end: FrameEnd };

export interface ServeDeps {
  readonly ctx: PersonaContext;
  readonly conversation: Conversation;
  readonly ledger: LedgerStore;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly outcome: ServeOutcome;
  isAddressed(row: ChatRow): boolean;
  isAsleep(): boolean;
  readonly onDeviceLost: FrameDeps['onDeviceLost'];
  /** Calls when she is put to sleep; returns the disposer. */
  onSleep(listener: () => void): () => void;
  onNews(news: ServeNews): void;
}

/** The store or the room failed under the loop: waited for, a little longer every time. */
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000, 30_000];

/**
 * Runs until the signal aborts, then resolves with the outcome. The conversation must be primed: `Internal` otherwise.
 * Transient failures are counted and waited out, with a growing pause; they never end the loop.
 */
export async function servePersona(deps: ServeDeps, signal: AbortSignal): Promise<ServeOutcome> {
  const { ctx, clock, outcome } = deps;
  let failures = 0;
  let recovered = false;
  let priming: Priming | undefined;
  const tenure = new Tenure(deps.lease, deps.conversation);
  while (!signal.aborted) {
    try {
      if (!recovered) await recover(deps, tenure, signal);
      recovered = true;
      priming ??= startPriming(deps, signal);
      await serveNext(deps, tenure, priming, signal);
      failures = 0;
    } catch (thrown) {
      if (signal.aborted) break;
      const error = toAppError(thrown);
      if (error.code === 'Internal') throw error;
      // The frame that was open when the store failed is taken up before anything new.
      recovered = false;
      outcome.turnsErrored += 1;
      ctx.log.log('error', 'serve.failed', { code: error.code, message: error.message });
      deps.onNews({ kind: 'ended', end: { kind: 'errored', error } });
      const pauseMs = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 0;
      failures += 1;
      await clock.sleep(pauseMs, signal).catch((_aborted: unknown) => undefined);
    }
  }
  await priming?.stop();
  return outcome;
}

/** Frames that a crash or a reload left behind. */
async function recover(deps: ServeDeps, tenure: Tenure, signal: AbortSignal): Promise<void> {
  for (const row of await deps.ledger.unfinished(deps.ctx.citizen.peerId)) {
    deps.ctx.log.log('info', 'turn.recovered', { turn: row.turnId, state: row.state });
    await run(row, deps, tenure, signal);
  }
}

async function serveNext(
  deps: ServeDeps,
  tenure: Tenure,
  priming: Priming,
  signal: AbortSignal,
): Promise<void> {
  const { ctx, conversation, ledger, clock, outcome } = deps;
  await tenure.confirm(signal);
  let burst = await conversation.nextMessage(signal);
  await priming.stop();
  // Her home may have been elsewhere while this loop waited: then what was answered there is no news.
  await tenure.confirm(signal);
  burst = await conversation.nextMessage(signal);
  const peerId = ctx.citizen.peerId;
  const covered = await ledger.covered(
    peerId,
    burst.rows.map((row) => row.eventId),
  );
  const her = { nowMs: clock.nowMs(), covered };
  const choice = deps.isAsleep() ? undefined : chooseFrame(burst.rows, her, (row) => deps.isAddressed(row));
  if (!choice) {
    outcome.turnsSkipped += 1;
    await conversation.settle(burst);
    return;
  }
  const { trigger, coveredEventIds } = choice;
  const row: LedgerRow = {
    peerId,
    triggerEventId: trigger.eventId,
    channel: trigger.channel,
    coveredEventIds,
    coveredKeys: [trigger.eventId, ...coveredEventIds].map((eventId) => `${peerId}:${eventId}`),
    turnId: uuidV4(deps.random),
    mid: replyMid(peerId, trigger.eventId),
    state: 'seen',
    updatedAtMs: clock.nowMs(),
  };
  await openFrame(row, burst, deps, tenure, signal);
}

async function openFrame(
  row: LedgerRow,
  burst: IncomingBurst,
  deps: ServeDeps,
  tenure: Tenure,
  signal: AbortSignal,
): Promise<void> {
  const opened = await deps.ledger.open(row);
  // Ledger first, read position second: a crash between them reads the burst again and finds it covered.
  await deps.conversation.settle(burst);
  if (opened) await run(row, deps, tenure, signal);
}

async function run(row: LedgerRow, deps: ServeDeps, tenure: Tenure, signal: AbortSignal): Promise<void> {
  const { ctx, clock, outcome } = deps;
  const startedMs = clock.monotonicMs();
  deps.onNews({ kind: 'thinking' });
  let cost: Partial<Omit<GenerateResult, 'text'>> = {};
  const end = await runFrame(
    row,
    {
      ...deps,
      tenure,
      onProgress: (progress) => {
        deps.onNews({ kind: 'thinking', progress });
      },
      onUsage: (usage) => {
        cost = countsOf(usage);
      },
    },
    signal,
  );
  const tookMs = Math.round(clock.monotonicMs() - startedMs);
  switch (end.kind) {
    case 'replied':
      outcome.turnsReplied += 1;
      outcome.turnLatency.record(tookMs);
      ctx.log.log('info', 'turn.replied', { turn: row.turnId, tookMs, ...cost });
      break;
    case 'silent':
      outcome.turnsSkipped += 1;
      ctx.log.log('info', 'turn.silent', {
        turn: row.turnId,
        tookMs,
        reason: end.reason,
        by: end.decidedBy,
        ...cost,
      });
      break;
    case 'errored':
      outcome.turnsErrored += 1;
      ctx.log.log('error', 'turn.errored', { turn: row.turnId, tookMs, code: end.error.code });
      break;
    default:
      throw new AppError('Internal', `Unknown end of a frame: ${JSON.stringify(end satisfies never)}`);
  }
  deps.onNews({ kind: 'ended', end });
}

/** What a turn cost, for the log; never what was said. */
function countsOf({ text: _said, ...counts }: GenerateResult): Omit<GenerateResult, 'text'> {
  return counts;
}
