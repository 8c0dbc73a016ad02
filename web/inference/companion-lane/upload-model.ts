/** Owns bringing a file from this browser to the companion: one ticket over the bridge, then one PUT of the file. */
import * as v from 'valibot';
import { ModelOfferSchema, WireErrorSchema, type ModelOffer } from '../../../shared/bridge/messages.ts';
import { AppError, fromWireError } from '../../../shared/errors.ts';
import type { OnLaneProgress } from '../progress.ts';
import type { LaneBridge } from './lane-bridge.ts';
import type { PutFile } from './put-file.ts';

export interface UploadDeps {
  readonly bridge: LaneBridge;
  readonly putFile: PutFile;
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
  const tell = (sentBytes: number): void => {
    // Some bytes around the file are counted too.
    const done = Math.min(sentBytes, file.size);
    onProgress({ what: `Copying ${name} to the companion`, done, total: file.size, unit: 'bytes' });
  };
  tell(0);
  const body = await deps.putFile(path, file, tell, signal);
  tell(file.size);
  const offer = v.safeParse(ModelOfferSchema, body);
  if (offer.success) return offer.output;
  const refusal = v.safeParse(WireErrorSchema, body);
  if (refusal.success) throw fromWireError(refusal.output as Parameters<typeof fromWireError>[0]);
  throw new AppError('ProtocolViolation', 'The companion answered the copy with something malformed.');
}
