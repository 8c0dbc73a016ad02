/** Owns bringing a file from this browser to the companion: one ticket over the bridge, then one PUT of the file. */
import * as v from 'valibot';
import { ModelOfferSchema, WireErrorSchema, type ModelOffer } from '../../../shared/bridge/messages.ts';
import { AppError, fromWireError } from '../../../shared/errors.ts';
import type { OnLaneProgress } from '../progress.ts';
import type { LaneBridge } from './lane-bridge.ts';

export interface UploadDeps {
  readonly bridge: LaneBridge;
  readonly fetchBytes: typeof fetch;
}

/** Rejects with the companion's error (`ModelNotGguf`, `ModelTruncated`, `StorageFailed`), `BridgeDown` or `Aborted`. */
export async function uploadModel(
  file: File,
  deps: UploadDeps,
  onProgress: OnLaneProgress,
  signal: AbortSignal,
): Promise<ModelOffer> {
  const name = file.name.slice(0, 256);
  const { path } = await deps.bridge.request('uploadTicket', { name, sizeBytes: file.size }, { signal });
  // fetch tells nothing about how much of a body is sent, so the size is all that can be shown.
  onProgress({ what: `Copying ${name} to the companion`, done: 0, total: file.size, unit: 'bytes' });
  const answer = await put(path, file, deps.fetchBytes, signal);
  onProgress({ what: `Copying ${name} to the companion`, done: file.size, total: file.size, unit: 'bytes' });
  return answer;
}

async function put(
  path: string,
  file: File,
  fetchBytes: typeof fetch,
  signal: AbortSignal,
): Promise<ModelOffer> {
  let body: unknown;
  try {
    // The File itself: a ReadableStream as body needs HTTP/2.
    const response = await fetchBytes(path, { method: 'PUT', body: file, signal });
    body = await response.json();
  } catch (cause) {
    if (signal.aborted) throw new AppError('Aborted', 'Copying the model was stopped.', { cause });
    throw new AppError('BridgeDown', 'The connection broke while the model was copied.', { cause });
  }
  const offer = v.safeParse(ModelOfferSchema, body);
  if (offer.success) return offer.output;
  const refusal = v.safeParse(WireErrorSchema, body);
  if (refusal.success) throw fromWireError(refusal.output as Parameters<typeof fromWireError>[0]);
  throw new AppError('ProtocolViolation', 'The companion answered the copy with something malformed.');
}
