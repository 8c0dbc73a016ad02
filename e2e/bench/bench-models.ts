/** Owns the models and prompts of the benchmarks: random weights that never end a text by themselves. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GenerateRequest } from '../../shared/inference/generate.ts';
import { plain } from '../../shared/testing/lane-acceptance.ts';
import { randomModel } from '../models/random-model.ts';

export const STARTER = fileURLToPath(new URL('../../public/models/starter.gguf', import.meta.url));

/** Large enough that arithmetic weighs more than everything around it: 22 MB. */
const MID = { layers: 4, width: 512, heads: 8, cacheHeads: 8, hidden: 1024, contextTokens: 2048 };

export interface BenchModels {
  readonly mid: string;
  /** 2 MB, for what has to be asked often. */
  readonly small: string;
  remove(): Promise<void>;
}

export async function writeBenchModels(): Promise<BenchModels> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-models-'));
  const mid = join(folder, 'mid.gguf');
  const small = join(folder, 'small.gguf');
  await writeFile(mid, randomModel({ seed: 5, type: 'F16', shape: MID }));
  await writeFile(small, randomModel());
  return { mid, small, remove: () => rm(folder, { recursive: true, force: true }) };
}

const WORDS = 'the sea is wide and the garden is green and the harbour light turns all night ';
/** With the template around it some 100 tokens of the random models' vocabulary. */
const PROMPT_CHARS = 150;

/** Different from its first word on for every number, so that no engine knows it already. */
export function shortRequest(number: number, maxTokens: number, promptChars = PROMPT_CHARS): GenerateRequest {
  return plain(`${number} ${WORDS.repeat(3)}`.slice(0, promptChars), maxTokens);
}
