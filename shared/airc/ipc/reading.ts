/** Owns the requests that read a room (`inbox`, `room_tip`, `attach`), their answers, and the frames of a stream. */
import { ByteList } from '../cbor-encode.ts';
import { blobOf, listOf, oneOf, uintOf, uuidOf, type FieldReader } from '../cbor-fields.ts';
import type { AttachStart } from '../connection.ts';
import { ANY_HEADERS, decodeHeaderFilter, encodeHeaderFilter, type HeaderFilter } from '../header-filter.ts';
import {
  DELIVERY_CLASSES,
  EVENT_KINDS,
  type Cursor,
  type DeliveryClass,
  type EventKind,
  type Uuid,
} from '../model.ts';
import { uuidToBytes } from '../uuid-bytes.ts';
import { cursorValue, readCursor, type Entry } from './parts.ts';

/** Without `channel` a daemon answers with an error. */
export interface InboxRequest {
  readonly op: 'inbox';
  readonly since?: Cursor;
  readonly channel?: Uuid;
  readonly limit?: number;
}

export interface RoomTipRequest {
  readonly op: 'room_tip';
  readonly channel: Uuid;
}

export interface AttachRequest {
  readonly op: 'attach';
  /** Without it a daemon answers with an error. */
  readonly channel?: Uuid;
  readonly start: AttachStart;
  /** Withhold the backlog and tell its size with the first event after it. */
  readonly coalesceBacklog: boolean;
  /** Absent lets every kind through, an empty list none. */
  readonly kinds?: readonly EventKind[];
  readonly delivery?: readonly DeliveryClass[];
  readonly headers: HeaderFilter;
}

/** Envelopes oldest first; `newest` is the cursor of the last of them. */
export interface InboxResponse {
  readonly kind: 'inbox';
  readonly envelopes: readonly Uint8Array[];
  readonly newest?: Cursor;
}

export interface RoomTipResponse {
  readonly kind: 'room_tip';
  readonly tip?: Cursor;
}

export interface EventResponse {
  readonly kind: 'event';
  readonly envelope: Uint8Array;
}

export interface AttachCursorAdvancedResponse {
  readonly kind: 'attach_cursor_advanced';
  readonly skipped: number;
  readonly advancedTo: Cursor;
}

export function encodeInbox({ since, channel, limit }: InboxRequest): Entry[] {
  return [
    ['since', since && cursorValue(since)],
    ['channel', channel === undefined ? undefined : uuidToBytes(channel)],
    ['limit', limit],
  ];
}

export function decodeInbox(fields: FieldReader): InboxRequest {
  const since = fields.optional('since', readCursor);
  const channel = fields.optional('channel', uuidOf);
  const limit = fields.optional('limit', uintOf);
  return {
    op: 'inbox',
    ...(since === undefined ? {} : { since }),
    ...(channel === undefined ? {} : { channel }),
    ...(limit === undefined ? {} : { limit }),
  };
}

export function encodeAttach({
  channel,
  start,
  coalesceBacklog,
  kinds,
  delivery,
  headers,
}: AttachRequest): Entry[] {
  return [
    ['channel', channel === undefined ? undefined : uuidToBytes(channel)],
    ['from', start.from === 'after' ? cursorValue(start.cursor) : undefined],
    ['from_now', start.from === 'now' ? true : undefined],
    ['coalesce_backlog', coalesceBacklog ? true : undefined],
    ['kinds', kinds],
    ['delivery', delivery],
    ['headers', encodeHeaderFilter(headers)],
  ];
}

export function decodeAttach(fields: FieldReader): AttachRequest {
  const channel = fields.optional('channel', uuidOf);
  const kinds = fields.optional('kinds', (value, name) => listOf(value, oneOf(EVENT_KINDS), name));
  const delivery = fields.optional('delivery', (value, name) => listOf(value, oneOf(DELIVERY_CLASSES), name));
  return {
    op: 'attach',
    ...(channel === undefined ? {} : { channel }),
    start: readStart(fields),
    coalesceBacklog: fields.flag('coalesce_backlog'),
    ...(kinds === undefined ? {} : { kinds }),
    ...(delivery === undefined ? {} : { delivery }),
    headers: fields.or('headers', ANY_HEADERS, decodeHeaderFilter),
  };
}

/** A request that says nothing asks for the whole transcript; `from_now` beats a cursor. */
function readStart(fields: FieldReader): AttachStart {
  const cursor = fields.optional('from', readCursor);
  if (fields.flag('from_now')) return { from: 'now' };
  return cursor === undefined ? { from: 'beginning' } : { from: 'after', cursor };
}

export function encodeInboxPage({ envelopes, newest }: InboxResponse): Entry[] {
  return [
    ['envelopes', envelopes.map((envelope) => new ByteList(envelope))],
    ['newest', newest && cursorValue(newest)],
  ];
}

export function decodeInboxPage(fields: FieldReader): InboxResponse {
  const newest = fields.optional('newest', readCursor);
  const envelopes = fields.list('envelopes', blobOf);
  return { kind: 'inbox', envelopes, ...(newest === undefined ? {} : { newest }) };
}

export function decodeRoomTip(fields: FieldReader): RoomTipResponse {
  const tip = fields.optional('tip', readCursor);
  return { kind: 'room_tip', ...(tip === undefined ? {} : { tip }) };
}

export function encodeAdvanced({ skipped, advancedTo }: AttachCursorAdvancedResponse): Entry[] {
  return [
    ['skipped', skipped],
    ['advanced_to', cursorValue(advancedTo)],
  ];
}

export function decodeAdvanced(fields: FieldReader): AttachCursorAdvancedResponse {
  return {
    kind: 'attach_cursor_advanced',
    skipped: fields.uint('skipped'),
    advancedTo: fields.required('advanced_to', readCursor),
  };
}
