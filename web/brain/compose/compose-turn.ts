/** Owns composing one turn's prompt within the model's context: planned by estimate, proven by the engine's own count. */
import { AppError } from '../../../shared/errors.ts';
import { textCharsWithin } from '../../../shared/inference/decision.ts';
import type { ChatMessage } from '../../../shared/inference/generate.ts';
import type { Speeds } from '../../../shared/inference/speeds.ts';
import type { RoleCard } from '../../../shared/persona/roles.ts';
import type { TurnInput } from '../turn.ts';
import { cutToTokens, estimateTokens } from './estimate-tokens.ts';
import { allocateBudget } from './flexbox-budget.ts';
import { neutralText } from './neutral-text.ts';
import { audienceOf, cardBlock, dateAndTimeBlock, rosterBlock, signalsBlock } from './prompt-blocks.ts';
import { renderPrompt, type PromptParts } from './prompt-form.ts';
import { budgetFor, TARGET_FIRST_TOKEN_MS, type TurnBudget } from './turn-budget.ts';
import { speakerNames } from './speaker-names.ts';
import {
  lineCapTokens,
  renderLine,
  type TranscriptLine,
  type TranscriptWindow,
} from './transcript-source.ts';

export interface ComposeDeps {
  readonly self: { readonly peerId: string; readonly name: string };
  readonly card: RoleCard;
  readonly contextTokens: number;
  /** The same for as long as she is hosted: a budget that moves would break the engine's cache. */
  readonly speeds: Speeds;
  readonly instruction: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly window: TranscriptWindow;
  /** Estimated tokens per true one, as the last count showed; at most 1. */
  readonly density: { estimatedPerTrue: number };
  countTokens(messages: readonly ChatMessage[]): Promise<number>;
}

export interface ComposedTurn {
  readonly messages: readonly ChatMessage[];
  /** The engine's count. */
  readonly promptTokens: number;
  /** What the context has left for the answer. */
  readonly answerTokens: number;
  readonly historyLines: number;
  readonly historyDropped: number;
  readonly triggerTrimmed: boolean;
}

/** With less than this no sentence can be said. */
const LEAST_ANSWER_CHARS = 24;
/** The new line is never shorter than this, however little there is. */
const LEAST_TRIGGER_TOKENS = 16;
const TRANSCRIPT_FLOOR_TOKENS = 64;
const COMFORT_TOKENS = 500;
/** Each failed count plans for that much less than the count alone would say. */
const CAUTION = 0.9;
const MOST_COUNTS = 8;

/** Rejects with `ContextOverflow` when rules, card and a cut new line alone are more than the context holds. */
export async function composeTurn(input: TurnInput, deps: ComposeDeps): Promise<ComposedTurn> {
  const { contextTokens, speeds, density } = deps;
  const budget = budgetFor(contextTokens, speeds, TARGET_FIRST_TOKEN_MS);
  const limit = budget.prompt;
  const pieces = gather(input, deps);
  let caution = 1;
  for (let counts = 0; counts < MOST_COUNTS; counts += 1) {
    const draft = plan(pieces, Math.floor(limit * density.estimatedPerTrue * caution), budget, deps.window);
    const promptTokens = await deps.countTokens(draft.messages);
    density.estimatedPerTrue = Math.min(1, estimateOf(draft.messages) / Math.max(1, promptTokens));
    const answerTokens = contextTokens - promptTokens;
    const nothingLeft = draft.historyLines === 0 && draft.isTriggerLeast;
    if (promptTokens <= limit || (nothingLeft && textCharsWithin(answerTokens) >= LEAST_ANSWER_CHARS)) {
      const { messages, historyLines, historyDropped, triggerTrimmed } = draft;
      return { messages, promptTokens, answerTokens, historyLines, historyDropped, triggerTrimmed };
    }
    if (nothingLeft) break;
    caution *= CAUTION;
  }
  throw new AppError(
    'ContextOverflow',
    `The model's context of ${contextTokens} tokens does not hold the rules of the room and the new line.`,
  );
}

interface Pieces {
  readonly lines: readonly TranscriptLine[];
  readonly memories: readonly string[];
  readonly triggerName: string;
  readonly triggerText: string;
  readonly rest: Omit<PromptParts, 'transcript' | 'memories' | 'trigger'>;
}

function gather(input: TurnInput, deps: ComposeDeps): Pieces {
  const { self, card, contextTokens, instruction, timeZone } = deps;
  const names = speakerNames(self, [...input.roster, ...input.history, input.trigger]);
  const cap = lineCapTokens(contextTokens);
  const name = names(self.peerId);
  const others = input.roster.filter(({ peerId }) => peerId !== self.peerId).map((entry) => entry.name);
  return {
    lines: input.history.map((line) => renderLine(line, names, cap)),
    memories: input.memories.map(neutralText),
    triggerName: names(input.trigger.peerId),
    triggerText: neutralText(input.trigger.text),
    rest: {
      name,
      card: cardBlock(name, card),
      roster: rosterBlock(input, self.peerId, names),
      signals: signalsBlock(input, self.peerId),
      dateAndTime: dateAndTimeBlock(input.nowMs, timeZone),
      audience: audienceOf(input.trigger, self.name, others),
      instruction,
    },
  };
}

interface Draft extends Pick<
  ComposedTurn,
  'messages' | 'historyLines' | 'historyDropped' | 'triggerTrimmed'
> {
  /** The new line could not be cut any further. */
  readonly isTriggerLeast: boolean;
}

/** The prompt for so many estimated tokens. */
function plan(pieces: Pieces, promptTokens: number, budget: TurnBudget, window: TranscriptWindow): Draft {
  const { lines, memories, triggerName, triggerText, rest } = pieces;
  const frame = estimateOf(renderPrompt({ ...rest, transcript: [], memories: [], trigger: '' }));
  const available = promptTokens - Math.max(frame, budget.system);
  const trigger = estimateTokens(triggerText);
  const memory = memories.reduce((sum, line) => sum + estimateTokens(line), 0);
  const transcript = Math.min(
    budget.sourceCap,
    lines.reduce((sum, line) => sum + line.tokens, 0),
  );
  const { allocations } = allocateBudget(available, [
    {
      sourceId: 'trigger',
      floor: Math.min(trigger, LEAST_TRIGGER_TOKENS),
      min: trigger,
      max: trigger,
      priority: 20,
      required: true,
    },
    {
      sourceId: 'transcript',
      floor: Math.min(transcript, TRANSCRIPT_FLOOR_TOKENS),
      min: Math.min(transcript, COMFORT_TOKENS),
      max: transcript,
      priority: 10,
      required: false,
    },
    // No floor: with little room memories shrink rather than vanish.
    {
      sourceId: 'memory',
      floor: 0,
      min: Math.min(memory, COMFORT_TOKENS),
      max: Math.min(memory, budget.sourceCap),
      priority: 10,
      required: false,
    },
  ]);
  const [triggerShare = 0, transcriptShare = 0, memoryShare = 0] = allocations.map(
    ({ allocated }) => allocated,
  );
  const packed = window.pack(lines, transcriptShare);
  const shown = cutToTokens(triggerText, Math.max(triggerShare, LEAST_TRIGGER_TOKENS));
  return {
    messages: renderPrompt({
      ...rest,
      transcript: packed.lines.map((line) => line.text),
      memories: headWithin(memories, memoryShare),
      trigger: `${triggerName}: ${shown}`,
    }),
    historyLines: packed.lines.length,
    historyDropped: packed.dropped,
    triggerTrimmed: shown !== triggerText,
    isTriggerLeast: triggerShare <= LEAST_TRIGGER_TOKENS,
  };
}

/** Memories come best first. */
function headWithin(memories: readonly string[], tokens: number): readonly string[] {
  let left = tokens;
  const end = memories.findIndex((line) => (left -= estimateTokens(line)) < 0);
  return end < 0 ? memories : memories.slice(0, end);
}

function estimateOf(messages: readonly ChatMessage[]): number {
  return messages.reduce((sum, { content }) => sum + estimateTokens(content), 0);
}
