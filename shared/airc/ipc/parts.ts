/** Owns the wire form of what several requests and responses have in common: cursors, targets, headers. */
import type { CborItem } from '../cbor-decode.ts';
import { CborFields, type CborValue } from '../cbor-encode.ts';
import { FieldReader, malformed, textOf, uuidOf } from '../cbor-fields.ts';
import type { Cursor, EventTarget } from '../model.ts';
import { uuidToBytes } from '../uuid-bytes.ts';

/** One map entry of a frame. */
export type Entry = readonly [string, CborValue | undefined];

export function cursorValue(cursor: Cursor): CborFields {
  return new CborFields([
    ['epoch', cursor.epoch],
    ['counter', cursor.counter],
    ['event_id', uuidToBytes(cursor.eventId)],
  ]);
}

export function readCursor(item: CborItem, name: string): Cursor {
  const fields = new FieldReader(item, name);
  return { epoch: fields.uint('epoch'), counter: fields.uint('counter'), eventId: fields.uuid('event_id') };
}

export function targetValue(target: EventTarget): CborValue {
  switch (target.kind) {
    case 'all':
      return 'all';
    case 'peer':
      return new CborFields([['peer', uuidToBytes(target.peerId)]]);
    case 'endpoint':
      return new CborFields([['endpoint', target.endpoint]]);
    case 'reply':
      return new CborFields([['reply', uuidToBytes(target.eventId)]]);
    case 'capability':
      return new CborFields([['capability', target.capability]]);
  }
}

export function readTarget(item: CborItem, name: string): EventTarget {
  if (item === 'all') return { kind: 'all' };
  const { name: kind, value } = new FieldReader(item, name).variant();
  switch (kind) {
    case 'peer':
      return { kind, peerId: uuidOf(value, name) };
    case 'endpoint':
      return { kind, endpoint: textOf(value, name) };
    case 'reply':
      return { kind, eventId: uuidOf(value, name) };
    case 'capability':
      return { kind, capability: textOf(value, name) };
    default:
      throw malformed(`${name} has no variant "${kind}"`);
  }
}

/** Entries sorted by the bytes of their keys, the order in which the daemon keeps them. */
export function headersValue(headers: ReadonlyMap<string, string>): CborFields {
  return new CborFields(sortedHeaders(headers));
}

export function sortedHeaders(headers: ReadonlyMap<string, string>): [string, string][] {
  return [...headers].sort(([a], [b]) => compareUtf8(a, b));
}

/** UTF-8 orders by code point; JavaScript's `<` orders by UTF-16 unit, which differs beyond the basic plane. */
function compareUtf8(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
