/** Owns how one answer is timed: from the moment it was due to its first piece of text and to its end. */
import type { GenerateChunk } from '../../shared/inference/generate.ts';

export interface TimedTurn {
  readonly firstMs: number;
  readonly totalMs: number;
  readonly promptTokens: number;
  /** Of the answer. */
  readonly tokens: number;
  readonly text: string;
}

/** Reads a lane's stream to its end. Rejects where it ends without text: that is no answer to be timed. */
export async function timeLane(
  stream: ReadableStream<GenerateChunk>,
  dueMs: number = performance.now(),
): Promise<TimedTurn> {
  let firstMs: number | undefined;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error('A generation ended without a result.');
    if (value.kind === 'delta') firstMs ??= performance.now() - dueMs;
    if (value.kind !== 'done') continue;
    const { promptTokens, completionTokens: tokens, text } = value.result;
    if (firstMs === undefined) throw new Error('A generation ended without text.');
    return { firstMs, totalMs: performance.now() - dueMs, promptTokens, tokens, text };
  }
}

/** Time per token once the first one is there: what the prompt cost is not in it. */
export function msPerToken({ firstMs, totalMs, tokens }: TimedTurn): number {
  return (totalMs - firstMs) / Math.max(1, tokens - 1);
}
