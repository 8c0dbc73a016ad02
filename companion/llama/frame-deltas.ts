/**
 * Owns sending what is written as often as a screen can show it, and no more: a message from process to process for
 * every token took a quarter of the time of a model that writes 400 tokens/s (two cores, 2026-11-25).
 */
import type { Clock } from '../../shared/clock.ts';
import type { GenerateChunk } from '../../shared/inference/generate.ts';

const FRAME_MS = 16;

/** The first piece goes at once; all pieces before whatever is no piece, in order. */
export function frameDeltas(
  push: (chunk: GenerateChunk) => void,
  clock: Pick<Clock, 'monotonicMs'>,
): (chunk: GenerateChunk) => void {
  let text = '';
  let tokens = 0;
  let sentMs = -Infinity;
  const flush = (): void => {
    if (tokens === 0) return;
    push({ kind: 'delta', text, tokens });
    text = '';
    tokens = 0;
    sentMs = clock.monotonicMs();
  };
  return (chunk) => {
    if (chunk.kind !== 'delta') {
      flush();
      push(chunk);
      return;
    }
    text += chunk.text;
    tokens += chunk.tokens ?? 1;
    if (clock.monotonicMs() - sentMs >= FRAME_MS) flush();
  };
}
