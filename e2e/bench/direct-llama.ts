/** Owns llama.cpp in this process without anything of ours around it: the peer of the companion's lane. */
import { getLlama, type LlamaContextSequence, type LlamaModel } from 'node-llama-cpp';
import { readModelFile } from '../../companion/llama/model-file.ts';
import type { GenerateRequest } from '../../shared/inference/generate.ts';
import { createPromptRenderer, type RenderPrompt } from '../../shared/inference/model-prompt.ts';
import type { Ask } from './lane-rows.ts';
import type { TimedTurn } from './timed-turn.ts';

export interface DirectSettings {
  readonly contextTokens: number;
  readonly threads: number;
}

export interface DirectLlama {
  /** A context of its own for each. */
  open(): Promise<Ask>;
  dispose(): Promise<void>;
}

/** With the settings that the companion says it has. */
export async function loadDirectLlama(
  path: string,
  { contextTokens, threads }: DirectSettings,
): Promise<DirectLlama> {
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, maxThreads: threads });
  const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 });
  const { header } = await readModelFile(path);
  const render = createPromptRenderer(header, model.tokens.shouldPrependBosToken);
  return {
    open: async () => {
      const context = await model.createContext({
        contextSize: contextTokens,
        sequences: 1,
        threads,
        flashAttention: false,
      });
      const sequence = context.getSequence();
      return (request) => ask(model, sequence, render, request);
    },
    dispose: () => llama.dispose(),
  };
}

/** Greedy, and what both prompts begin with is kept, as the lane does it. */
async function ask(
  model: LlamaModel,
  sequence: LlamaContextSequence,
  render: RenderPrompt,
  { messages, maxTokens }: GenerateRequest,
): Promise<TimedTurn> {
  const prompt = render(messages);
  const startMs = performance.now();
  const tokens = model.tokenize(prompt, true);
  await sequence.adaptStateToTokens(tokens.slice(0, -1), false);
  const rest = tokens.slice(sequence.nextTokenIndex);
  let firstMs: number | undefined;
  let text = '';
  let made = 0;
  for await (const token of sequence.evaluate(rest, { temperature: 0, yieldEogToken: true })) {
    firstMs ??= performance.now() - startMs;
    text += model.detokenize([token]);
    made += 1;
    if (made >= maxTokens || model.isEogToken(token)) break;
  }
  const totalMs = performance.now() - startMs;
  if (firstMs === undefined) throw new Error('The bare engine gave no text.');
  return { firstMs, totalMs, promptTokens: tokens.length, tokens: made, text };
}
