/** Owns a lane as one persona sees it: everything she asks of it waits its turn at the device, and ends in time. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import { chunkStream } from '../../../shared/inference/chunk-stream.ts';
import type { GenerateChunk, GenerateRequest, GenerateResult } from '../../../shared/inference/generate.ts';
import type { InferenceLane } from '../../../shared/inference/lane.ts';
import type { DeviceQueue, Want } from './device-queue.ts';
import { deadlineMs, type Speeds } from '../../../shared/inference/speeds.ts';

export interface QueuedLaneDeps {
  readonly lane: InferenceLane;
  readonly queue: DeviceQueue;
  readonly clock: Clock;
  readonly speeds: () => Speeds;
  readonly onResult: (result: GenerateResult) => void;
}

const NEVER = new AbortController().signal;

/** Its `dispose` does nothing: the others still use the lane. */
export function queuedLane(deps: QueuedLaneDeps, personaId: string): InferenceLane {
  const { lane, queue } = deps;
  const inTurn = async <T>(
    priority: Want['priority'],
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
    onPlace?: (ahead: number) => void,
  ): Promise<T> => {
    const leave = await queue.enter({ personaId, priority }, signal ?? NEVER, onPlace);
    try {
      return await work();
    } finally {
      leave();
    }
  };
  return {
    report: lane.report,
    warmup: (signal, messages) => inTurn('background', signal, () => lane.warmup(signal, messages)),
    generate: (request, signal) =>
      chunkStream(
        (push, inner) =>
          inTurn(
            'interactive',
            inner,
            () => inTime(deps, request, push, inner),
            (ahead) => {
              push({ kind: 'queued', ahead });
            },
          ),
        signal,
      ),
    countPromptTokens: (messages, signal) =>
      inTurn('interactive', signal, () => lane.countPromptTokens(messages, signal)),
    embed: (text, signal) => inTurn('interactive', signal, () => lane.embed(text, signal)),
    dispose: () => Promise.resolve(),
  };
}

async function inTime(
  { lane, clock, speeds, onResult }: QueuedLaneDeps,
  request: GenerateRequest,
  push: (chunk: GenerateChunk) => void,
  signal: AbortSignal,
): Promise<void> {
  // How long the prompt is the engine knows, and it is no longer than what the model holds.
  const withinMs = deadlineMs(speeds(), lane.report.contextTokens, request.maxTokens);
  const late = new AbortController();
  let cancel: (() => void) | undefined;
  try {
    for await (const chunk of lane.generate(request, AbortSignal.any([signal, late.signal]))) {
      // While it waits behind somebody else's, or is loaded again, the engine does not have it.
      if (chunk.kind !== 'queued' && withinMs !== undefined)
        cancel ??= clock.after(withinMs, () => {
          late.abort();
        });
      if (chunk.kind === 'done') onResult(chunk.result);
      push(chunk);
    }
  } catch (error) {
    if (!late.signal.aborted || signal.aborted) throw error;
    throw new AppError(
      'TurnDeadlineExceeded',
      `No answer within ${Math.round((withinMs ?? 0) / 1_000)} seconds, three times as long as it takes here.`,
    );
  } finally {
    cancel?.();
  }
}
