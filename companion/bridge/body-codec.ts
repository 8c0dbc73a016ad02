/** Owns the interface to the airc Body inside a payload; the encoding itself is shared/airc's. */
import type { BridgeBody } from '../../shared/bridge/messages.ts';

export interface BodyCodec {
  /** Never throws: bytes that are no Body are `opaque`. */
  decode(payload: Uint8Array): BridgeBody;
  /** Throws `ProtocolViolation` for `json` that is not JSON. */
  encode(body: Exclude<BridgeBody, { kind: 'opaque' }>): Uint8Array;
}
