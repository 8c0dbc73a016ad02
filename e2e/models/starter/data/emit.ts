/** Owns a training room as data: the longest transcript as a trunk, and every turn as a branch off it. */
import { copiesOf, type Copy } from './copies.ts';
import { promptOf, answerOf } from './render-turn.ts';
import type { Turn } from './scene.ts';

export interface Branch {
  readonly kind: string;
  /** So many characters of the prompt are the trunk's; they end with a line. */
  readonly at: number;
  /** The rest of the prompt. */
  readonly tail: string;
  readonly answer: string;
  /** Absent where they are not known. */
  readonly copies: readonly Copy[] | undefined;
}

export interface Tree {
  readonly trunk: string;
  readonly branches: readonly Branch[];
}

export async function treeOf(turns: readonly Turn[]): Promise<Tree> {
  const prompts = await Promise.all(turns.map((turn) => promptOf(turn)));
  const trunk = prompts.reduce(
    (longest, prompt) =>
      transcriptEnd(prompt) > longest.length ? prompt.slice(0, transcriptEnd(prompt)) : longest,
    '',
  );
  return {
    trunk,
    branches: turns.map((turn, index) => {
      const prompt = prompts[index] ?? '';
      const at = sharedLines(trunk, prompt);
      return {
        kind: turn.kind,
        at,
        tail: prompt.slice(at),
        answer: answerOf(turn.expected),
        copies: copiesOf(turn, prompt),
      };
    }),
  };
}

/** Where the last message of the prompt begins. */
function transcriptEnd(prompt: string): number {
  return prompt.lastIndexOf('<|im_start|>user\n');
}

function sharedLines(trunk: string, prompt: string): number {
  let same = 0;
  while (same < trunk.length && trunk[same] === prompt[same]) same += 1;
  return prompt.lastIndexOf('\n', same - 1) + 1;
}
