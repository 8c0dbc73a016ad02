/** Owns turning an event as the daemon stamped it into a row of the room log: text, signature, who speaks. */
import type { BridgeEvent } from '../../../shared/bridge/messages.ts';
import { readHeaders, type HeaderReading } from '../../../shared/persona/signed-headers.ts';
import type { SignatureVerifier } from '../../../shared/signatures.ts';
import type { RoomLogRow } from '../storage/database.ts';
import type { NewRoomLogRow } from '../storage/stores.ts';

/** Never rejects for what the event says: a signature that does not fit is a fact about the row. */
export async function readEvent(event: BridgeEvent, verifier: SignatureVerifier): Promise<NewRoomLogRow> {
  const headers: ReadonlyMap<string, string> = new Map(event.headers);
  const text = event.body.kind === 'text' ? event.body.text : undefined;
  const reading = await readHeaders(
    { peerId: event.peerId, channel: event.channel, headers, text: text ?? '' },
    verifier,
  );
  const { eventId, channel, peerId, clientId, kind, delivery, epoch, counter, occurredAtMs } = event;
  return {
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
    headers: event.headers,
    ...(text === undefined ? {} : { text }),
    signature: reading.state,
    ...(reading.state === 'valid' ? { mid: reading.mid, name: reading.name } : {}),
    kindOfSender: kindOfSender(headers, reading),
  };
}

/**
 * Who is a person: the signed kind first; else a client label or an agent's heartbeat means a program; an unsigned line
 * without headers is a person at a terminal. A signature that does not fit proves nothing.
 */
function kindOfSender(
  headers: ReadonlyMap<string, string>,
  reading: HeaderReading,
): RoomLogRow['kindOfSender'] {
  switch (reading.state) {
    case 'valid':
      return reading.kind;
    case 'invalid':
      return 'unknown';
    case 'unsigned': {
      const runtime = headers.get('airc.heartbeat.runtime');
      if (headers.has('airc.client') || (runtime !== undefined && runtime !== 'interactive')) return 'agent';
      return 'human';
    }
  }
}

/** Chat that people and personas read: everything else is kept for the order, not for the eye. */
export function isChat(row: NewRoomLogRow): row is NewRoomLogRow & { readonly text: string } {
  return (
    row.kind === 'message' && row.delivery === 'durable' && row.text !== undefined && row.text.trim() !== ''
  );
}
