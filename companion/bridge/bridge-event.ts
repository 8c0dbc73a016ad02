/** Owns how an event of the daemon looks to the page: within the protocol's bounds, whatever another client published. */
import { decodeBody } from '../../shared/airc/body.ts';
import type { AircEvent } from '../../shared/airc/model.ts';
import { MAX_MESSAGE_BYTES } from '../../shared/bridge/limits.ts';
import type { BridgeEvent } from '../../shared/bridge/messages.ts';

/** Room for what stands around an event in its message. */
const FRAME_BYTES = 1024;
export const MAX_EVENT_BYTES = MAX_MESSAGE_BYTES - FRAME_BYTES;

/** As BridgeEventSchema has them: a header beyond these would make the page refuse the whole message. */
const MAX_HEADERS = 64;
const MAX_HEADER_KEY_CHARS = 256;
const MAX_HEADER_VALUE_CHARS = 8192;

/** An event that does not fit a message is shown as one whose body cannot be read; its place in the order is kept. */
export function toBridgeEvent(event: AircEvent): BridgeEvent {
  const { eventId, channel, peerId, clientId, kind, delivery, epoch, counter, occurredAtMs } = event;
  const whole: BridgeEvent = {
    eventId,
    channel,
    peerId,
    clientId,
    kind,
    delivery,
    epoch,
    counter,
    occurredAtMs,
    ...(event.correlationId === undefined ? {} : { correlationId: event.correlationId }),
    headers: boundedHeaders(event.headers),
    body: decodeBody(event.payload),
  };
  if (fits(whole)) return whole;
  const opaque: BridgeEvent = { ...whole, body: { kind: 'opaque', sizeBytes: event.payload.length } };
  return fits(opaque) ? opaque : { ...opaque, headers: [] };
}

/** Bytes of the value in a JSON text frame. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function fits(event: BridgeEvent): boolean {
  return jsonBytes(event) <= MAX_EVENT_BYTES;
}

function boundedHeaders(headers: ReadonlyMap<string, string>): [string, string][] {
  return [...headers]
    .filter(([key, value]) => key.length <= MAX_HEADER_KEY_CHARS && value.length <= MAX_HEADER_VALUE_CHARS)
    .slice(0, MAX_HEADERS);
}
