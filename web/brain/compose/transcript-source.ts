/**
 * Owns the room's lines in a prompt: each rendered once in the same way, the newest always among them, and their
 * beginning moved in blocks, so that from turn to turn the engine finds the bytes it has already read.
 */
import type { Uuid } from '../../../shared/airc/model.ts';
import type { Utterance } from '../turn.ts';
import { cutToTokens, estimateTokens } from './estimate-tokens.ts';
import { neutralText } from './neutral-text.ts';
import type { SpeakerNames } from './speaker-names.ts';

export interface TranscriptLine {
  readonly eventId: Uuid;
  readonly text: string;
  readonly tokens: number;
}

export interface PackedTranscript {
  /** Oldest first, without a gap. */
  readonly lines: readonly TranscriptLine[];
  readonly dropped: number;
}

/** When the lines outgrow their budget, so much of it is filled again: the prefix breaks once per block. */
const REFILL = 0.6;
/** Far fewer than the host hands over, so that the first line kept does not fall out of its list between two turns. */
const MAX_LINES = 120;

/** The most one line takes; a longer one keeps its head and a mark. The same in every turn of one model. */
export function lineCapTokens(contextTokens: number): number {
  return Math.min(256, Math.max(48, Math.floor(contextTokens / 16)));
}

export function renderLine(utterance: Utterance, names: SpeakerNames, capTokens: number): TranscriptLine {
  const text = `${names(utterance.peerId)}: ${cutToTokens(neutralText(utterance.text), capTokens)}`;
  // A line break ends every line.
  return { eventId: utterance.eventId, text, tokens: estimateTokens(`${text}\n`) };
}

/** Where the transcript of one persona in one room begins, remembered from turn to turn. */
export class TranscriptWindow {
  #firstEventId: Uuid | undefined;

  /** `lines` oldest first. The window moves only when it must; within one turn it never grows again. */
  pack(lines: readonly TranscriptLine[], budgetTokens: number): PackedTranscript {
    const from = lines.findIndex((line) => line.eventId === this.#firstEventId);
    const kept = from < 0 ? lines : lines.slice(from);
    const fits = kept.length <= MAX_LINES && sizeOf(kept) <= budgetTokens;
    const packed = fits
      ? kept
      : newestWithin(kept, Math.floor(budgetTokens * REFILL), Math.floor(MAX_LINES * REFILL));
    this.#firstEventId = packed[0]?.eventId;
    return { lines: packed, dropped: lines.length - packed.length };
  }
}

/** From the newest back, up to the first one that does not fit: smaller ones beyond it would leave a hole. */
function newestWithin(
  lines: readonly TranscriptLine[],
  tokens: number,
  count: number,
): readonly TranscriptLine[] {
  let left = tokens;
  let first = lines.length;
  for (let index = lines.length - 1; index >= Math.max(0, lines.length - count); index -= 1) {
    left -= lines[index]?.tokens ?? 0;
    if (left < 0) break;
    first = index;
  }
  return lines.slice(first);
}

function sizeOf(lines: readonly TranscriptLine[]): number {
  return lines.reduce((sum, line) => sum + line.tokens, 0);
}
