/** Owns that an event is written as an envelope once, however many readers and the store take it. */
import { decodeEnvelope } from '../../../shared/airc/envelope-decode.ts';
import { encodeEnvelope } from '../../../shared/airc/envelope-encode.ts';
import type { AircEvent } from '../../../shared/airc/model.ts';

const WRITTEN = new WeakMap<AircEvent, Uint8Array>();

export function envelopeOf(event: AircEvent): Uint8Array {
  const known = WRITTEN.get(event);
  if (known !== undefined) return known;
  const envelope = encodeEnvelope(event);
  WRITTEN.set(event, envelope);
  return envelope;
}

/** Throws `EnvelopeMalformed`. */
export function eventOf(envelope: Uint8Array): AircEvent {
  const event = decodeEnvelope(envelope);
  WRITTEN.set(event, envelope);
  return event;
}
