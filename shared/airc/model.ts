/** Owns the airc vocabulary both sides share: ids, cursors, events. No encoding (ipc.ts, envelope.ts) and no I/O. */
import * as v from 'valibot';

/** A UUID in lower-case hyphenated form. Room ids, peer ids, client ids and event ids are all of this kind. */
export const UuidSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'not a UUID'),
);
export type Uuid = string;

export const NIL_UUID: Uuid = '00000000-0000-0000-0000-000000000000';

/** In the order of the FlatBuffers enum numbers 0 to 6. */
export const EVENT_KINDS = [
  'message',
  'event',
  'command',
  'command_result',
  'signal',
  'stream_chunk',
  'control',
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** In the order of the FlatBuffers enum numbers 0 to 4. */
export const DELIVERY_CLASSES = [
  'durable',
  'ephemeral_latest',
  'ephemeral_window',
  'request_response',
  'stream_chunk',
] as const;
export type DeliveryClass = (typeof DELIVERY_CLASSES)[number];

/** A place in one daemon's order; meaningless at another daemon. */
export const CursorSchema = v.object({
  epoch: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  counter: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  eventId: UuidSchema,
});
export type Cursor = v.InferOutput<typeof CursorSchema>;

/** Before every event: `inbox` and `attach` from here read a room from its beginning. */
export const ZERO_CURSOR: Cursor = { epoch: 0, counter: 0, eventId: NIL_UUID };

/** Total order: epoch, then counter, then event id as unsigned bytes (lower-case hex compares alike). */
export function compareCursors(a: Cursor, b: Cursor): number {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch;
  if (a.counter !== b.counter) return a.counter - b.counter;
  return a.eventId < b.eventId ? -1 : a.eventId > b.eventId ? 1 : 0;
}

export type EventTarget =
  | { readonly kind: 'all' }
  | { readonly kind: 'peer'; readonly peerId: Uuid }
  | { readonly kind: 'endpoint'; readonly endpoint: string }
  | { readonly kind: 'reply'; readonly eventId: Uuid }
  | { readonly kind: 'capability'; readonly capability: string };

/** One event as a daemon stamped it (the decoded envelope). `payload` is opaque to the daemon. */
export interface AircEvent {
  readonly eventId: Uuid;
  readonly channel: Uuid;
  /** `from_peer`: claimed by the sender, proven by nobody on the socket. */
  readonly peerId: Uuid;
  readonly clientId: Uuid;
  readonly kind: EventKind;
  readonly delivery: DeliveryClass;
  readonly epoch: number;
  readonly counter: number;
  readonly occurredAtMs: number;
  readonly correlationId?: Uuid;
  readonly coalesceKey?: string;
  readonly target: EventTarget;
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Uint8Array;
}

export function cursorOf(event: Pick<AircEvent, 'epoch' | 'counter' | 'eventId'>): Cursor {
  return { epoch: event.epoch, counter: event.counter, eventId: event.eventId };
}

/** What the daemon answers to an accepted publish. For the real daemon it does not mean "on disk". */
export const PublishReceiptSchema = v.object({
  eventId: UuidSchema,
  epoch: v.pipe(v.number(), v.safeInteger()),
  counter: v.pipe(v.number(), v.safeInteger()),
  occurredAtMs: v.pipe(v.number(), v.safeInteger()),
});
export type PublishReceipt = v.InferOutput<typeof PublishReceiptSchema>;
