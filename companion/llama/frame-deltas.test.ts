import { expect, it } from 'vitest';
import type { GenerateChunk } from '../../shared/inference/generate.ts';
import { frameDeltas } from './frame-deltas.ts';

it('sends the first piece at once, then one piece a frame, and all of them before what comes after', () => {
  let nowMs = 100;
  const sent: GenerateChunk[] = [];
  const push = frameDeltas((chunk) => sent.push(chunk), { monotonicMs: () => nowMs });
  for (const text of 'abcdefghi') {
    push({ kind: 'delta', text });
    nowMs += 5;
  }
  push({ kind: 'progress', promptTokensDone: 1, promptTokens: 1 });
  expect(sent).toEqual([
    { kind: 'delta', text: 'a', tokens: 1 },
    { kind: 'delta', text: 'bcde', tokens: 4 },
    { kind: 'delta', text: 'fghi', tokens: 4 },
    { kind: 'progress', promptTokensDone: 1, promptTokens: 1 },
  ]);
  push({ kind: 'delta', text: 'j' });
  push({ kind: 'delta', text: 'k' });
  push({ kind: 'progress', promptTokensDone: 2, promptTokens: 2 });
  expect(sent.slice(4).map((chunk) => (chunk.kind === 'delta' ? chunk.text : chunk.kind))).toEqual([
    'jk',
    'progress',
  ]);
});
