import { Builder } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { fromHex, VECTORS } from '../testing/airc-vectors.ts';
import { decodeEnvelope } from './envelope-decode.ts';
import { encodeEnvelope } from './envelope-encode.ts';
import { FIELD, FIELD_COUNT, HEADER_FIELD } from './envelope-layout.ts';
import { DELIVERY_CLASSES, EVENT_KINDS, type AircEvent, type EventTarget } from './model.ts';

const ID = '00112233-4455-6677-8899-aabbccddeeff';
const malformed = expect.objectContaining({ code: 'EnvelopeMalformed' });

function event(fields: Partial<AircEvent> = {}): AircEvent {
  return {
    eventId: ID,
    channel: '5eedf7b1-14b1-5938-b4ea-047c239c8fd4',
    peerId: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    clientId: '00000000-0000-0000-0000-000000000000',
    kind: 'message',
    delivery: 'durable',
    epoch: 0,
    counter: 0,
    occurredAtMs: 0,
    target: { kind: 'all' },
    headers: new Map(),
    payload: new Uint8Array(),
    ...fields,
  };
}

function roundTrip(fields: Partial<AircEvent>): void {
  expect(decodeEnvelope(encodeEnvelope(event(fields)))).toEqual(event(fields));
}

describe('an envelope', () => {
  it.each(EVENT_KINDS)('carries kind %s', (kind) => roundTrip({ kind }));
  it.each(DELIVERY_CLASSES)('carries delivery %s', (delivery) => roundTrip({ delivery }));
  it.each<EventTarget>([
    { kind: 'all' },
    { kind: 'peer', peerId: ID },
    { kind: 'endpoint', endpoint: 'a/b' },
    { kind: 'reply', eventId: ID },
    { kind: 'capability', capability: 'inference:*' },
  ])('carries target %o', (target) => roundTrip({ target }));

  it('carries numbers up to 2^53, ids, text and headers', () => {
    roundTrip({
      epoch: 2 ** 53 - 1,
      counter: 2 ** 40,
      occurredAtMs: 1_700_000_000_123,
      correlationId: ID,
      coalesceKey: 'presence:x',
      headers: new Map([
        ['a', ''],
        ['b', 'zwei — 二'],
        ['x-c', 'three'],
      ]),
    });
  });

  it('carries a payload of none, of 00 and ff, and of a mebibyte', () => {
    roundTrip({ payload: Uint8Array.of(0, 255) });
    const mebibyte = Uint8Array.from({ length: 1024 * 1024 }, (_, index) => index % 251);
    const { payload } = decodeEnvelope(encodeEnvelope(event({ payload: mebibyte })));
    expect(Buffer.compare(payload, mebibyte)).toBe(0);
  });

  it('of 16 bytes stays below 256', () => {
    expect(encodeEnvelope(event({ payload: new Uint8Array(16) })).length).toBeLessThanOrEqual(256);
  });

  it('stores each half of an id turned round', () => {
    const bytes = Array.from(encodeEnvelope(event()));
    const stored = Array.from(fromHex('7766554433221100ffeeddccbbaa9988'));
    const at = bytes.findIndex((_, index) => stored.every((byte, offset) => bytes[index + offset] === byte));
    expect(at).toBeGreaterThan(0);
  });
});

describe('a broken envelope', () => {
  const good = encodeEnvelope(event({ headers: new Map([['a', 'b']]), payload: Uint8Array.of(1, 2, 3) }));

  it.each([
    ['nothing', new Uint8Array()],
    ['zeroes', new Uint8Array(64)],
    ['ones', new Uint8Array(64).fill(255)],
    ['a root outside', Uint8Array.of(255, 255, 255, 127)],
    ['text', new TextEncoder().encode('not an envelope, but long enough to hold a few offsets')],
  ])('of %s is refused', (_what, bytes) => {
    expect(() => decodeEnvelope(bytes)).toThrow(malformed);
  });

  it('cut anywhere is refused', () => {
    for (let length = 0; length < good.length; length += 1) {
      try {
        // Cut in its last padding it still says all.
        expect(decodeEnvelope(good.slice(0, length)).payload).toEqual(Uint8Array.of(1, 2, 3));
        expect(length).toBeGreaterThan(good.length - 8);
      } catch (error) {
        expect(error).toEqual(malformed);
      }
    }
  });

  it('with a kind, a class or a target that is none is refused', () => {
    const bare = fromHex(VECTORS.extras.bare.planus);
    // The vtable of this recorded buffer starts at 0x52; kind, delivery and target take its slots 4, 5 and 11.
    for (const slot of [4, 5, 11]) {
      const bytes = bare.slice();
      // At the payload's offset, whose first byte is 0x2c.
      bytes[0x52 + 4 + 2 * slot] = 0x48;
      expect(() => decodeEnvelope(bytes)).toThrow(malformed);
    }
  });

  it('whose thousand headers all are the same long text is refused in time', () => {
    const builder = new Builder();
    const payload = builder.createByteVector(new Uint8Array());
    const long = builder.createString('a'.repeat(1024 * 1024));
    const tables = Array.from({ length: 20_000 }, () => {
      builder.startObject(2);
      builder.addFieldOffset(HEADER_FIELD.key, long, 0);
      builder.addFieldOffset(HEADER_FIELD.value, long, 0);
      return builder.endObject();
    });
    builder.startVector(4, tables.length, 4);
    for (const table of tables) builder.addOffset(table);
    const headers = builder.endVector();
    builder.startObject(FIELD_COUNT);
    for (const id of [FIELD.eventId, FIELD.channel, FIELD.peerId, FIELD.clientId]) {
      builder.prep(8, 16);
      builder.writeInt64(1n);
      builder.writeInt64(1n);
      builder.addFieldStruct(id, builder.offset(), 0);
    }
    builder.addFieldOffset(FIELD.headers, headers, 0);
    builder.addFieldOffset(FIELD.payload, payload, 0);
    builder.finish(builder.endObject());
    const startedMs = performance.now();
    expect(() => decodeEnvelope(builder.asUint8Array())).toThrow(/repeats/);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });
});
