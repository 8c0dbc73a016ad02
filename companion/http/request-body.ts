/** Owns reading a request's body within bounds of size and time. */
import { AppError } from '../../shared/errors.ts';
import type { Exchange } from './exchange.ts';

/** The whole of a small body. Rejects with `MessageTooLarge`; one that dribbles is cut, and rejects with `BridgeTimeout`. */
export async function readSmallBody(exchange: Exchange, maxBytes: number): Promise<Buffer> {
  const { clock, limits } = exchange;
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  let late = false;
  const cancel = clock.after(limits.smallBodyWithinMs, () => {
    late = true;
    exchange.request.destroy();
  });
  try {
    for await (const chunk of chunksOf(exchange)) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes)
        throw new AppError('MessageTooLarge', `The request is over ${maxBytes} bytes.`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw late
      ? new AppError('BridgeTimeout', 'The request did not arrive in time.', { cause: error })
      : error;
  } finally {
    cancel();
  }
  return Buffer.concat(chunks);
}

/** A large body as it comes. One that stalls or dribbles is cut, and the iteration rejects. */
export async function* readLargeBody(exchange: Exchange): AsyncGenerator<Uint8Array, void, undefined> {
  const { clock, limits, request } = exchange;
  let sizeBytes = 0;
  let cancel: () => void = () => undefined;
  const watch = (fromBytes: number): void => {
    cancel = clock.after(limits.uploadProgressMs, () => {
      if (sizeBytes - fromBytes < limits.uploadProgressBytes && !request.complete) request.destroy();
      else watch(sizeBytes);
    });
  };
  watch(0);
  try {
    for await (const chunk of chunksOf(exchange)) {
      sizeBytes += chunk.length;
      yield chunk;
    }
  } finally {
    cancel();
  }
}

/** Leaving the loop early keeps the connection: there is still an answer to send on it. */
async function* chunksOf({ request }: Exchange): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator: AsyncIterator<Uint8Array> = request.iterator({ destroyOnReturn: false });
  yield* { [Symbol.asyncIterator]: () => iterator };
}
