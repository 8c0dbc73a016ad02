/** Owns turning a producing function into the stream a lane hands out: one abort path, one error type. */
import { AppError, toAppError } from '../errors.ts';
import type { GenerateChunk } from './generate.ts';

/** Pushes chunks until it resolves. Must stop soon after `signal` aborts; what it throws ends the stream. */
export type ChunkProducer = (push: (chunk: GenerateChunk) => void, signal: AbortSignal) => Promise<void>;

/**
 * Starts `produce` at once. Cancelling the stream or aborting `signal` ends the stream with `Aborted` there and then,
 * and aborts the producer's signal. The queue is not bounded here: a generation is, by `maxTokens`.
 */
export function chunkStream(produce: ChunkProducer, signal?: AbortSignal): ReadableStream<GenerateChunk> {
  const own = new AbortController();
  const abort = (): AppError => {
    const error = new AppError('Aborted', 'The generation was stopped.');
    own.abort(error);
    return error;
  };
  return new ReadableStream<GenerateChunk>({
    start: (controller) => {
      const onAbort = (): void => {
        controller.error(abort());
      };
      if (signal?.aborted) onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      const push = (chunk: GenerateChunk): void => {
        if (!own.signal.aborted) controller.enqueue(chunk);
      };
      // Not returned: the stream would count as started only when the generation is over, and could not be read.
      void produce(push, own.signal)
        .then(() => {
          if (!own.signal.aborted) controller.close();
        })
        .catch((error: unknown) => {
          // No effect on a stream that the abort has ended already.
          controller.error(toAppError(error, 'LaneDied'));
        })
        .finally(() => {
          signal?.removeEventListener('abort', onAbort);
        });
    },
    cancel: () => {
      abort();
    },
  });
}
