/** Owns one question to the lane: the raw output while it grows, and what it cost. */
import { AppError } from '../../../shared/errors.ts';
import type { GenerateRequest, GenerateResult } from '../../../shared/inference/generate.ts';
import type { InferenceLane } from '../../../shared/inference/lane.ts';
import type { TurnProgress } from '../turn.ts';
import { beforeAbort } from './before-abort.ts';

/** Rejects with what the lane rejects with, or with the signal's reason as soon as it aborts; the lane stops then. */
export async function askLane(
  lane: InferenceLane,
  request: GenerateRequest,
  partialText: (raw: string) => string,
  onProgress: (progress: TurnProgress) => void,
  signal: AbortSignal,
): Promise<GenerateResult> {
  const reader = lane.generate(request, signal).getReader();
  let raw = '';
  let tokens = 0;
  try {
    for (;;) {
      const { done, value } = await beforeAbort(reader.read(), signal);
      if (done) throw new AppError('LaneDied', 'The engine ended the answer without a result.');
      switch (value.kind) {
        case 'queued':
          onProgress({ kind: 'queued', ahead: value.ahead });
          break;
        case 'progress':
          onProgress({
            kind: 'reading',
            promptTokensDone: value.promptTokensDone,
            promptTokens: value.promptTokens,
          });
          break;
        case 'delta':
          raw += value.text;
          tokens += value.tokens ?? 1;
          onProgress({ kind: 'writing', text: partialText(raw), tokens });
          break;
        case 'done':
          return value.result;
        default:
          throw new AppError('Internal', `Unknown chunk of a lane: ${JSON.stringify(value satisfies never)}`);
      }
    }
  } finally {
    // Also after the end: whatever the lane still does for this question has no reader any more.
    reader.cancel().catch((_endedAlready: unknown) => undefined);
  }
}
