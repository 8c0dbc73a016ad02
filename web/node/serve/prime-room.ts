/** Owns reading the room before anybody asks: the first answer after a start does not wait for the whole of it. */
import type { TurnInput } from '../../brain/turn.ts';
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError } from '../../../shared/errors.ts';
import { uuidV4, type RandomSource } from '../../../shared/random.ts';
import type { Conversation } from './conversation.ts';
import type { PersonaContext } from './persona-context.ts';
import { HISTORY_ROWS } from './run-frame.ts';
import { rosterOf, utteranceOf } from './utterance.ts';

export interface Priming {
  /** Resolves when she has let go of it; the engine does so at its next slice. Safe to call again. */
  stop(): Promise<void>;
}

interface PrimingDeps {
  readonly ctx: PersonaContext;
  readonly conversation: Conversation;
  readonly clock: Clock;
  readonly random: RandomSource;
  isAsleep(): boolean;
}

/** Runs until it is through, is stopped, or the signal aborts; it never fails. */
export function startPriming(deps: PrimingDeps, signal: AbortSignal): Priming {
  const end = new AbortController();
  const work = prime(deps, AbortSignal.any([signal, end.signal]));
  return {
    stop: () => {
      end.abort(new AppError('Aborted', 'There is something to answer.'));
      return work;
    },
  };
}

async function prime(deps: PrimingDeps, signal: AbortSignal): Promise<void> {
  const { ctx } = deps;
  // Where another program thinks, nothing is sent that nobody has asked for.
  if (deps.isAsleep() || ctx.adapter.report.backend === 'remote') return;
  try {
    const input = await nextInput(deps);
    if (!signal.aborted) await ctx.cognition.prime(input, signal);
  } catch (error) {
    ctx.log.log('debug', 'serve.not-primed', { code: toAppError(error).code });
  }
}

/** The next turn as far as it is known: the room, and an empty line of whoever spoke last. */
async function nextInput({ ctx, conversation, clock, random }: PrimingDeps): Promise<TurnInput> {
  const lines = await conversation.history(Infinity, HISTORY_ROWS);
  const history = lines.filter((line) => line.signature !== 'invalid').map(utteranceOf);
  const { seed } = ctx.identity;
  const her = { peerId: seed.peer_id, name: seed.agent_name, kind: 'persona', signed: true } as const;
  const nowMs = clock.nowMs();
  const trigger = { ...(history.at(-1) ?? her), eventId: uuidV4(random), text: '', atMs: nowMs };
  return {
    turnId: trigger.eventId,
    channel: conversation.channel,
    roomName: conversation.roomName,
    trigger,
    coveredEventIds: [],
    history,
    talk: [],
    memories: [],
    roster: rosterOf([...history, trigger]),
    nowMs,
  };
}
