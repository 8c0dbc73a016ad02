/** Owns the layout of the envelope table: field numbers and enum numbers as the airc schema declares them. */

/** Index of each field in the table's vtable. */
export const FIELD = {
  eventId: 0,
  channel: 1,
  peerId: 2,
  clientId: 3,
  kind: 4,
  delivery: 5,
  epoch: 6,
  counter: 7,
  occurredAtMs: 8,
  correlationId: 9,
  coalesceKey: 10,
  targetTag: 11,
  targetPeer: 12,
  targetReply: 13,
  targetText: 14,
  headers: 15,
  payload: 16,
} as const;
export const FIELD_COUNT = 17;

/** Of the table of one header. */
export const HEADER_FIELD = { key: 0, value: 1 } as const;
export const HEADER_FIELD_COUNT = 2;

/** In the order of their numbers, which is another one than that of the CBOR form. */
export const TARGET_TAGS = ['all', 'endpoint', 'peer', 'reply', 'capability'] as const;
