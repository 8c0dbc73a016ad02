/** Owns what goes into one turn of a persona and what comes out of it: the seam between host and brain. */
import type { AppError } from '../../shared/errors.ts';
import type { Uuid } from '../../shared/airc/model.ts';
import type { GenerateResult } from '../../shared/inference/generate.ts';
import type { Decision } from '../../shared/inference/decision.ts';

/** One line of a room as the brain sees it. */
export interface Utterance {
  readonly eventId: Uuid;
  readonly peerId: Uuid;
  /** Display name, made by code; never taken from the text. */
  readonly name: string;
  readonly kind: 'persona' | 'human' | 'agent' | 'unknown';
  /** The kind was signed; an unsigned human is somebody at a terminal who may be a program. */
  readonly signed: boolean;
  readonly text: string;
  readonly atMs: number;
}

export interface RosterEntry {
  readonly peerId: Uuid;
  readonly name: string;
  readonly kind: Utterance['kind'];
}

/** Everything a turn needs, by value: the trigger is carried, never read again from the room. */
export interface TurnInput {
  readonly turnId: Uuid;
  readonly channel: Uuid;
  readonly roomName: string;
  readonly trigger: Utterance;
  /** Other messages of the same burst, oldest first; they are in `history` too. */
  readonly coveredEventIds: readonly Uuid[];
  /** Oldest first, without the trigger. */
  readonly history: readonly Utterance[];
  /**
   * What the loop guard judges: the room's lines in the order in which they came, the trigger among them, back to where a
   * person last spoke, however many machines' lines ago that was; and her own lines since the trigger.
   */
  readonly talk: readonly Utterance[];
  /** Memory lines; empty in this version, but the slot is always in the prompt form. */
  readonly memories: readonly string[];
  readonly roster: readonly RosterEntry[];
  readonly nowMs: number;
}

export type TurnProgress =
  /** So many turns are thought before this one. */
  | { readonly kind: 'queued'; readonly ahead: number }
  | { readonly kind: 'reading'; readonly promptTokensDone: number; readonly promptTokens: number }
  | { readonly kind: 'writing'; readonly text: string; readonly tokens: number };

export interface TurnTrace {
  readonly promptFormat: 1;
  readonly promptTokens: number;
  readonly historyLines: number;
  readonly historyDropped: number;
  readonly triggerTrimmed: boolean;
  readonly raw?: string;
  readonly usage?: GenerateResult;
}

/** `decidedBy` tells a model's silence from a guard's. An error never carries a text to say. */
export type TurnOutcome =
  | {
      readonly kind: 'decided';
      readonly decision: Decision;
      readonly decidedBy: 'model' | 'loop-guard';
      readonly trace?: TurnTrace;
    }
  | { readonly kind: 'errored'; readonly error: AppError; readonly trace?: TurnTrace };

/** A persona's brain: one turn at a time; the host keeps the order. Never rejects; failures are outcomes. */
export interface PersonaCognition {
  /** Has the engine read what the next turn begins with, so far as it is known; of no use once that turn is there. */
  prime(input: TurnInput, signal: AbortSignal): Promise<void>;
  think(
    input: TurnInput,
    onProgress: (progress: TurnProgress) => void,
    signal: AbortSignal,
  ): Promise<TurnOutcome>;
}
