/** Owns one persona's brain: guard, compose, decide, clean; one turn at a time, and every end of it a value. */
import type { Clock } from '../../shared/clock.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import { JSON_DECISION_INSTRUCTION } from '../../shared/inference/decision.ts';
import type { GenerateResult } from '../../shared/inference/generate.ts';
import type { AdapterUse } from '../../shared/inference/genome/adapters.ts';
import type { InferenceLane } from '../../shared/inference/lane.ts';
import type { InferenceProfile } from '../../shared/inference/profile.ts';
import type { Logger } from '../../shared/log.ts';
import type { RoleId } from '../../shared/persona/identity.ts';
import { ROLE_CARDS } from '../../shared/persona/roles.ts';
import { cleanText } from './clean/clean-text.ts';
import { composeTurn, type ComposedTurn } from './compose/compose-turn.ts';
import { PROMPT_FORMAT } from './compose/prompt-form.ts';
import { TranscriptWindow } from './compose/transcript-source.ts';
import { answerEncoding } from './decide/answer-encoding.ts';
import { askLane } from './decide/ask-lane.ts';
import { beforeAbort } from './decide/before-abort.ts';
import { judgeTurn } from './guard/loop-guard.ts';
import { isAddressedTo } from './hear/addressing.ts';
import type { PersonaCognition, TurnInput, TurnOutcome, TurnProgress, TurnTrace } from './turn.ts';

export interface CognitionDeps {
  readonly self: { readonly peerId: string; readonly name: string; readonly role: RoleId };
  readonly profile: Pick<InferenceProfile, 'contextTokens' | 'sampling' | 'speeds'>;
  readonly lane: InferenceLane;
  readonly clock: Clock;
  readonly log: Logger;
  /** Prompts and raw answers are written to the log: what is said in the room then stands there too. */
  readonly isTraced?: boolean;
  /** LoRA adapters that she thinks with, asked for at every turn. */
  readonly adapters?: () => readonly AdapterUse[];
  /** IANA name: her sense of the time of day is that of the person's machine. */
  readonly timeZone: string;
  /** From the start of a turn, or from the last sign that the queue before it moves on, to its end. */
  readonly deadlineMs?: number;
}

/** A 0.5B model on an old CPU was seen to take 87 s for 42 tokens; whatever takes this long is not coming. */
const DEADLINE_MS = 300_000;
/** Of a raw output that could not be read, for the log. */
const MOST_RAW_CHARS = 2_000;

export function createPersonaCognition(deps: CognitionDeps): PersonaCognition {
  const window = new TranscriptWindow();
  const density = { estimatedPerTrue: 1 };
  let last: Promise<unknown> = Promise.resolve();
  return {
    prime: (input, signal) => {
      const priming = last.then(() => primeOnce(input, signal, { ...deps, window, density }));
      last = priming;
      return priming;
    },
    think: (input, onProgress, signal) => {
      const turn = last.then(() => thinkOnce(input, onProgress, signal, { ...deps, window, density }));
      last = turn;
      return turn;
    },
  };
}

interface TurnDeps extends CognitionDeps {
  readonly window: TranscriptWindow;
  readonly density: { estimatedPerTrue: number };
}

async function thinkOnce(
  input: TurnInput,
  onProgress: (progress: TurnProgress) => void,
  signal: AbortSignal,
  deps: TurnDeps,
): Promise<TurnOutcome> {
  const { self, clock, log, deadlineMs = DEADLINE_MS } = deps;
  const deadline = new AbortController();
  const expire = (): void => {
    deadline.abort(
      new AppError('TurnDeadlineExceeded', `No answer within ${Math.round(deadlineMs / 1_000)} seconds.`),
    );
  };
  let cancel = clock.after(deadlineMs, expire);
  // Whoever waits for others waits as long as these move on.
  const tell = (progress: TurnProgress): void => {
    if (progress.kind === 'queued') {
      cancel();
      cancel = clock.after(deadlineMs, expire);
    }
    onProgress(progress);
  };
  try {
    const verdict = judgeTurn(input, self.peerId, isAddressedTo(input.trigger.text, self.name));
    if (verdict.kind === 'held') {
      log.log('info', 'guard.held', { turn: input.turnId, rule: verdict.rule, reason: verdict.reason });
      const decision = { kind: 'silent', reason: verdict.reason } as const;
      return { kind: 'decided', decision, decidedBy: 'loop-guard' };
    }
    return await decide(input, tell, AbortSignal.any([signal, deadline.signal]), deps);
  } catch (thrown) {
    // What the lane says when it is stopped is not why it was stopped.
    if (deadline.signal.aborted) return { kind: 'errored', error: toAppError(deadline.signal.reason) };
    if (signal.aborted) return { kind: 'errored', error: toAppError(signal.reason, 'Aborted') };
    return { kind: 'errored', error: toAppError(thrown) };
  } finally {
    cancel();
  }
}

async function primeOnce(input: TurnInput, signal: AbortSignal, deps: TurnDeps): Promise<void> {
  // With an adapter the engine reads apart from the model alone.
  if (deps.adapters && deps.adapters().length > 0) return;
  try {
    const { messages } = await compose(input, signal, deps);
    const { totalMs } = await beforeAbort(deps.lane.warmup(signal, messages), signal);
    deps.log.log('debug', 'turn.primed', { tookMs: Math.round(totalMs) });
  } catch (error) {
    // The turn itself will tell what is wrong; that it was only stopped is how priming ends in a busy room.
    deps.log.log('debug', 'turn.not-primed', { code: toAppError(error).code });
  }
}

function compose(input: TurnInput, signal: AbortSignal, deps: TurnDeps): Promise<ComposedTurn> {
  const { self, lane, profile } = deps;
  return composeTurn(input, {
    ...deps,
    card: ROLE_CARDS[self.role],
    contextTokens: profile.contextTokens,
    speeds: profile.speeds,
    instruction: JSON_DECISION_INSTRUCTION,
    countTokens: (messages) => beforeAbort(lane.countPromptTokens(messages, signal), signal),
  });
}

async function decide(
  input: TurnInput,
  onProgress: (progress: TurnProgress) => void,
  signal: AbortSignal,
  deps: TurnDeps,
): Promise<TurnOutcome> {
  const { self, lane, profile } = deps;
  const adapters = deps.adapters?.() ?? [];
  const composed = await compose(input, signal, deps);
  const encoding = answerEncoding(composed.answerTokens, ROLE_CARDS[self.role].maxAnswerChars);
  if (deps.isTraced)
    deps.log.log('debug', 'turn.prompt', { turn: input.turnId, prompt: promptText(composed.messages) });
  const usage = await askLane(
    lane,
    {
      messages: [...composed.messages],
      sampling: profile.sampling,
      maxTokens: encoding.maxTokens,
      grammar: encoding.grammar,
      jsonSchema: encoding.jsonSchema,
      ...(adapters.length > 0 && { adapters: [...adapters] }),
    },
    (raw) => encoding.partialText(raw),
    onProgress,
    signal,
  );
  if (deps.isTraced) deps.log.log('debug', 'turn.raw', { turn: input.turnId, raw: usage.text });
  const trace = traceOf(composed, usage);
  const decoded = encoding.decode(usage.text);
  if (!decoded.ok) return malformed(decoded.problem, trace);
  if (decoded.decision.kind === 'silent')
    return { kind: 'decided', decision: decoded.decision, decidedBy: 'model', trace };
  const text = cleanText(decoded.decision.text, self.name);
  if (text === '') return malformed('decided to speak, but said nothing', trace);
  return { kind: 'decided', decision: { kind: 'spoke', text }, decidedBy: 'model', trace };
}

function promptText(messages: ComposedTurn['messages']): string {
  return messages.map(({ role, content }) => `[${role}]\n${content}`).join('\n\n');
}

function traceOf(composed: ComposedTurn, usage: GenerateResult): TurnTrace {
  const { historyLines, historyDropped, triggerTrimmed } = composed;
  return {
    promptFormat: PROMPT_FORMAT,
    promptTokens: usage.promptTokens,
    historyLines,
    historyDropped,
    triggerTrimmed,
    raw: usage.text,
    usage,
  };
}

function malformed(problem: string, trace: TurnTrace): TurnOutcome {
  const error = new AppError('DecisionMalformed', `The model's answer cannot be read: ${problem}.`, {
    detail: trace.raw?.slice(0, MOST_RAW_CHARS) ?? '',
  });
  return { kind: 'errored', error, trace };
}
