/** Owns fetching a model's bytes from the companion: the stream, its length, and what its refusals mean. */
import type { ModelOffer } from '../../../shared/bridge/messages.ts';
import { AppError } from '../../../shared/errors.ts';

/** Rejects with `ModelNotFound`, `BridgeDown` or `ModelTruncated`; while reading, with `BridgeDown`. */
export async function* downloadModel(
  offer: ModelOffer,
  fetchBytes: typeof fetch,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const response = await fetchBytes(offer.path, { signal }).catch((cause: unknown) => {
    throw unreachable(offer, cause);
  });
  if (!response.ok || !response.body) {
    throw new AppError(
      'ModelNotFound',
      `The companion does not give out ${offer.name}: HTTP ${response.status}.`,
    );
  }
  const reader = response.body.getReader();
  let received = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw unreachable(offer, cause);
      });
      if (done) break;
      received += value.byteLength;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  if (received !== offer.sizeBytes) {
    throw new AppError(
      'ModelTruncated',
      `${offer.name} has ${offer.sizeBytes} bytes, and ${received} arrived.`,
    );
  }
}

function unreachable(offer: ModelOffer, cause: unknown): AppError {
  return new AppError('BridgeDown', `Fetching ${offer.name} from the companion failed.`, { cause });
}
