/** Owns the companion's backend as a lane without a bridge between them, for the suite that every lane has to pass. */
import type { LaneEngine } from '../../companion/llama/backend.ts';
import { AppError } from '../../shared/errors.ts';
import { chunkStream } from '../../shared/inference/chunk-stream.ts';
import { warmupRequest } from '../../shared/inference/generate.ts';
import type { InferenceLane } from '../../shared/inference/lane.ts';

const NEVER = new AbortController().signal;

export async function backendLane(
  backend: LaneEngine & { dispose(): Promise<void> },
  modelId: string,
): Promise<InferenceLane> {
  const lane: InferenceLane = {
    report: await backend.open(modelId, NEVER),
    warmup: async (signal, messages) => {
      for await (const chunk of lane.generate(warmupRequest(messages), signal))
        if (chunk.kind === 'done') return chunk.result;
      throw new AppError('LaneDied', 'The warm-up had no result.');
    },
    generate: (request, signal) =>
      chunkStream(async (push, inner) => {
        for await (const chunk of backend.generate(modelId, request, inner)) push(chunk);
      }, signal),
    countPromptTokens: (messages, signal) => backend.countPromptTokens(modelId, messages, signal ?? NEVER),
    embed: async (text, signal) => backend.embed(modelId, text, signal ?? NEVER),
    dispose: () => backend.dispose(),
  };
  return lane;
}
