/** Owns writing an event as a FlatBuffers envelope, through the official runtime. */
import { Builder } from 'flatbuffers';
import { FIELD, FIELD_COUNT, HEADER_FIELD, HEADER_FIELD_COUNT, TARGET_TAGS } from './envelope-layout.ts';
import { sortedHeaders } from './ipc/parts.ts';
import { DELIVERY_CLASSES, EVENT_KINDS, type AircEvent, type Uuid } from './model.ts';

/** Enough for an event with a few headers; the builder grows where it is not. */
const USUAL_OVERHEAD_BYTES = 1024;

export function encodeEnvelope(event: AircEvent): Uint8Array<ArrayBuffer> {
  const { target } = event;
  const builder = new Builder(event.payload.length + USUAL_OVERHEAD_BYTES);
  const payload = builder.createByteVector(event.payload);
  const headers = headerVector(builder, event.headers);
  const coalesceKey = event.coalesceKey === undefined ? 0 : builder.createString(event.coalesceKey);
  const targetText =
    target.kind === 'endpoint'
      ? builder.createString(target.endpoint)
      : target.kind === 'capability'
        ? builder.createString(target.capability)
        : 0;

  builder.startObject(FIELD_COUNT);
  addUuid(builder, FIELD.eventId, event.eventId);
  addUuid(builder, FIELD.channel, event.channel);
  addUuid(builder, FIELD.peerId, event.peerId);
  addUuid(builder, FIELD.clientId, event.clientId);
  if (event.correlationId !== undefined) addUuid(builder, FIELD.correlationId, event.correlationId);
  if (target.kind === 'peer') addUuid(builder, FIELD.targetPeer, target.peerId);
  if (target.kind === 'reply') addUuid(builder, FIELD.targetReply, target.eventId);
  builder.addFieldInt64(FIELD.epoch, BigInt(event.epoch), 0n);
  builder.addFieldInt64(FIELD.counter, BigInt(event.counter), 0n);
  builder.addFieldInt64(FIELD.occurredAtMs, BigInt(event.occurredAtMs), 0n);
  builder.addFieldOffset(FIELD.coalesceKey, coalesceKey, 0);
  builder.addFieldOffset(FIELD.targetText, targetText, 0);
  builder.addFieldOffset(FIELD.headers, headers, 0);
  builder.addFieldOffset(FIELD.payload, payload, 0);
  builder.addFieldInt8(FIELD.kind, EVENT_KINDS.indexOf(event.kind), 0);
  builder.addFieldInt8(FIELD.delivery, DELIVERY_CLASSES.indexOf(event.delivery), 0);
  builder.addFieldInt8(FIELD.targetTag, TARGET_TAGS.indexOf(target.kind), 0);
  builder.finish(builder.endObject());
  return builder.asUint8Array().slice();
}

/** Sorted by key, as the daemon keeps them; written also when empty. */
function headerVector(builder: Builder, headers: ReadonlyMap<string, string>): number {
  const tables = sortedHeaders(headers).map(([key, value]) => {
    const keyAt = builder.createString(key);
    const valueAt = builder.createString(value);
    builder.startObject(HEADER_FIELD_COUNT);
    builder.addFieldOffset(HEADER_FIELD.key, keyAt, 0);
    builder.addFieldOffset(HEADER_FIELD.value, valueAt, 0);
    return builder.endObject();
  });
  builder.startVector(4, tables.length, 4);
  for (const table of tables.toReversed()) builder.addOffset(table);
  return builder.endVector();
}

/** A struct of two 64-bit halves, the more significant one first; the builder writes backwards. */
function addUuid(builder: Builder, field: number, uuid: Uuid): void {
  const hex = uuid.replaceAll('-', '');
  builder.prep(8, 16);
  builder.writeInt64(BigInt(`0x${hex.slice(16)}`));
  builder.writeInt64(BigInt(`0x${hex.slice(0, 16)}`));
  builder.addFieldStruct(field, builder.offset(), 0);
}
