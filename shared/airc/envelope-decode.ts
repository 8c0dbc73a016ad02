/** Owns reading an event from a FlatBuffers envelope, by whatever writer. */
import { FIELD, HEADER_FIELD, TARGET_TAGS } from './envelope-layout.ts';
import { broken, FlatBuffer, type FlatTable } from './flat-table.ts';
import { DELIVERY_CLASSES, EVENT_KINDS, type AircEvent, type EventTarget, type Uuid } from './model.ts';
import { uuidFromBytes } from './uuid-bytes.ts';

const UUID_BYTES = 16;

/**
 * The event in `bytes`; its payload is a view of them. Throws `EnvelopeMalformed` for missing fields, unknown enum
 * numbers, text that is no UTF-8 and offsets that lead nowhere. Time and memory are linear in the size.
 */
export function decodeEnvelope(bytes: Uint8Array): AircEvent {
  const buffer = new FlatBuffer(bytes);
  const table = buffer.root();
  const uuid = (field: number): Uuid | undefined => readUuid(buffer, table, field);
  const correlationId = uuid(FIELD.correlationId);
  const coalesceKey = table.text(FIELD.coalesceKey);
  return {
    eventId: present(uuid(FIELD.eventId), 'event_id'),
    channel: present(uuid(FIELD.channel), 'channel'),
    peerId: present(uuid(FIELD.peerId), 'peer_id'),
    clientId: present(uuid(FIELD.clientId), 'client_id'),
    kind: named(EVENT_KINDS, table.uint8(FIELD.kind), 'kind'),
    delivery: named(DELIVERY_CLASSES, table.uint8(FIELD.delivery), 'delivery class'),
    epoch: table.uint64(FIELD.epoch),
    counter: table.uint64(FIELD.counter),
    occurredAtMs: table.uint64(FIELD.occurredAtMs),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(coalesceKey === undefined ? {} : { coalesceKey }),
    target: readTarget(table, uuid),
    headers: readHeaders(table),
    payload: present(table.blob(FIELD.payload), 'payload'),
  };
}

function readTarget(table: FlatTable, uuid: (field: number) => Uuid | undefined): EventTarget {
  const kind = named(TARGET_TAGS, table.uint8(FIELD.targetTag), 'target');
  switch (kind) {
    case 'all':
      return { kind };
    case 'endpoint':
      return { kind, endpoint: present(table.text(FIELD.targetText), 'target_text') };
    case 'peer':
      return { kind, peerId: present(uuid(FIELD.targetPeer), 'target_peer') };
    case 'reply':
      return { kind, eventId: present(uuid(FIELD.targetReply), 'target_reply') };
    case 'capability':
      return { kind, capability: present(table.text(FIELD.targetText), 'target_text') };
  }
}

function readHeaders(table: FlatTable): Map<string, string> {
  const headers = new Map<string, string>();
  for (const header of table.tables(FIELD.headers)) {
    headers.set(present(header.text(HEADER_FIELD.key), 'header key'), header.text(HEADER_FIELD.value) ?? '');
  }
  return headers;
}

/** Stored as two little-endian halves, so each is turned round. */
function readUuid(buffer: FlatBuffer, table: FlatTable, field: number): Uuid | undefined {
  const at = table.field(field, UUID_BYTES);
  if (at === undefined) return undefined;
  const high = buffer.bytes.slice(at, at + 8).reverse();
  const low = buffer.bytes.slice(at + 8, at + 16).reverse();
  return uuidFromBytes(Uint8Array.of(...high, ...low));
}

function present<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw broken(`it lacks its ${name}`);
  return value;
}

function named<T extends string>(names: readonly T[], number: number, what: string): T {
  const name = names[number];
  if (name === undefined) throw broken(`there is no ${what} ${number}`);
  return name;
}
