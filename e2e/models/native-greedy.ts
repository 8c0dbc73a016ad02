/** Owns the oracle for comparisons between engines: the text that native llama.cpp gives greedily for a request. */
import { startEngine, type Engine } from '../../companion/llama/engine.ts';
import { readModelFile } from '../../companion/llama/model-file.ts';
import { systemClock } from '../../shared/clock.ts';
import type { GenerateRequest, GenerateResult } from '../../shared/inference/generate.ts';

const NEVER = new AbortController().signal;
const CONTEXT_TOKENS = 2_048;

export interface NativeModel {
  generate(request: GenerateRequest): Promise<GenerateResult>;
  dispose(): Promise<void>;
}

/** The companion's own engine, in this process, on one thread. */
export async function openNative(modelPath: string): Promise<NativeModel> {
  const { header } = await readModelFile(modelPath);
  const engine: Engine = await startEngine({ maxThreads: 1, clock: systemClock, onLog: () => undefined });
  const { bosToken, eosToken, chatTemplate } = header;
  await engine.open(
    {
      path: modelPath,
      contextTokens: Math.min(header.contextTokens, CONTEXT_TOKENS),
      threads: 1,
      bosToken,
      eosToken,
      controlTokens: [...header.controlTokens],
      ...(chatTemplate === undefined ? {} : { chatTemplate }),
    },
    NEVER,
  );
  return {
    generate: async (request) => {
      let result: GenerateResult | undefined;
      const keep = (chunk: { kind: string; result?: GenerateResult }): void => {
        if (chunk.kind === 'done') result = chunk.result;
      };
      await engine.generate(request, keep, NEVER);
      if (!result) throw new Error('The engine gave no result.');
      return result;
    },
    dispose: () => engine.dispose(),
  };
}
