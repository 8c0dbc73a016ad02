/** Owns carrying a generation between two workers: the error of a stream travels as its last chunk. */
import { fromWireError, toWireError } from '../../../shared/errors.ts';
import type { GenerateChunk } from '../../../shared/inference/generate.ts';
import type { WireChunk } from './worker-api.ts';

/** The same chunks, with the error as a last chunk. Cancelling it cancels the generation. */
export function toWireStream(start: () => ReadableStream<GenerateChunk>): ReadableStream<WireChunk> {
  let reader: ReadableStreamDefaultReader<GenerateChunk> | undefined;
  let cancelled = false;
  const next = async (): Promise<WireChunk | undefined> => {
    try {
      reader ??= start().getReader();
      const { done, value } = await reader.read();
      return done ? undefined : value;
    } catch (error) {
      return { kind: 'error', error: toWireError(error, 'LaneDied') };
    }
  };
  return new ReadableStream<WireChunk>({
    pull: async (controller) => {
      const chunk = await next();
      if (cancelled) return;
      if (chunk) controller.enqueue(chunk);
      if (!chunk || chunk.kind === 'error') controller.close();
    },
    cancel: (reason) => {
      cancelled = true;
      return reader?.cancel(reason);
    },
  });
}

/** Reads a wire stream to its end, handing each chunk on; rejects with the error it ended with. */
export async function readWireStream(
  reader: ReadableStreamDefaultReader<WireChunk>,
  onChunk: (chunk: GenerateChunk) => void,
): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    if (value.kind === 'error') throw fromWireError(value.error);
    onChunk(value);
  }
}
