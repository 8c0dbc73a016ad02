/** Owns the requests that put an event into a room, and the receipt. */
import { ByteList } from '../cbor-encode.ts';
import { oneOf, textMapOf, textOf, uuidOf, type FieldReader } from '../cbor-fields.ts';
import {
  DELIVERY_CLASSES,
  EVENT_KINDS,
  type DeliveryClass,
  type EventKind,
  type EventTarget,
  type PublishReceipt,
  type Uuid,
} from '../model.ts';
import { uuidToBytes } from '../uuid-bytes.ts';
import { headersValue, readTarget, targetValue, type Entry } from './parts.ts';

/** Who says it, and where; nobody checks either. */
export interface Sending {
  readonly channel: Uuid;
  readonly fromPeer: Uuid;
  readonly fromClient: Uuid;
  readonly headers: ReadonlyMap<string, string>;
}

/** Chat: the daemon makes the body of it. */
export interface SendRequest extends Sending {
  readonly op: 'send';
  readonly text: string;
}

export interface PublishEventRequest extends Sending {
  readonly op: 'publish';
  readonly kind: EventKind;
  readonly delivery: DeliveryClass;
  readonly target: EventTarget;
  readonly correlationId?: Uuid;
  readonly coalesceKey?: string;
  readonly payload: Uint8Array;
}

export interface PublishResponse extends PublishReceipt {
  readonly kind: 'publish';
  readonly channelId: Uuid;
}

export function encodeSend(request: SendRequest): Entry[] {
  return [...senderOf(request), ['text', request.text], ['headers', headersValue(request.headers)]];
}

export function decodeSend(fields: FieldReader): SendRequest {
  return { op: 'send', ...readSender(fields), text: fields.text('text') };
}

export function encodePublish(request: PublishEventRequest): Entry[] {
  const { correlationId } = request;
  return [
    ...senderOf(request),
    ['kind', request.kind],
    ['delivery', request.delivery],
    ['target', targetValue(request.target)],
    ['correlation_id', correlationId === undefined ? undefined : uuidToBytes(correlationId)],
    ['coalesce_key', request.coalesceKey],
    ['payload', new ByteList(request.payload)],
    ['headers', headersValue(request.headers)],
  ];
}

export function decodePublish(fields: FieldReader): PublishEventRequest {
  const correlationId = fields.optional('correlation_id', uuidOf);
  const coalesceKey = fields.optional('coalesce_key', textOf);
  return {
    op: 'publish',
    ...readSender(fields),
    kind: fields.word('kind', EVENT_KINDS),
    delivery: fields.or('delivery', 'durable', oneOf(DELIVERY_CLASSES)),
    target: fields.or('target', { kind: 'all' }, readTarget),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(coalesceKey === undefined ? {} : { coalesceKey }),
    payload: fields.blob('payload'),
  };
}

export function encodeReceipt(response: PublishResponse): Entry[] {
  return [
    ['event_id', uuidToBytes(response.eventId)],
    ['epoch', response.epoch],
    ['counter', response.counter],
    ['occurred_at_ms', response.occurredAtMs],
    ['channel_id', uuidToBytes(response.channelId)],
  ];
}

export function decodeReceipt(fields: FieldReader): PublishResponse {
  return {
    kind: 'publish',
    eventId: fields.uuid('event_id'),
    epoch: fields.uint('epoch'),
    counter: fields.uint('counter'),
    occurredAtMs: fields.uint('occurred_at_ms'),
    channelId: fields.uuid('channel_id'),
  };
}

function senderOf(sending: Sending): Entry[] {
  return [
    ['channel', uuidToBytes(sending.channel)],
    ['from_peer', uuidToBytes(sending.fromPeer)],
    ['from_client', uuidToBytes(sending.fromClient)],
  ];
}

function readSender(fields: FieldReader): Sending {
  return {
    channel: fields.uuid('channel'),
    fromPeer: fields.uuid('from_peer'),
    fromClient: fields.uuid('from_client'),
    headers: fields.or('headers', new Map<string, string>(), textMapOf),
  };
}
