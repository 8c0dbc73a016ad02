import { describe, expect, it } from 'vitest';
import { chooseFrame, STALE_AFTER_MS } from './choose-frame.ts';
import type { ChatRow } from './conversation.ts';
import { LatencyAggregate } from './latency-aggregate.ts';
import { replyMid } from './reply-mid.ts';

const NOW_MS = 100_000_000;

function line(eventId: string, more: Partial<ChatRow> = {}): ChatRow {
  return {
    arrival: 1,
    eventId,
    channel: 'room',
    peerId: 'sam',
    clientId: 'sam',
    kind: 'message',
    delivery: 'durable',
    epoch: 1,
    counter: 1,
    occurredAtMs: NOW_MS,
    headers: [],
    text: eventId,
    signature: 'valid',
    kindOfSender: 'human',
    ...more,
  };
}

const her = { nowMs: NOW_MS, covered: new Set<string>() };
const named = (row: ChatRow): boolean => row.text.includes('Maya');

describe('chooseFrame', () => {
  it('takes the newest line when nobody is named, and covers the others', () => {
    const choice = chooseFrame([line('a'), line('b')], her, named);
    expect(choice).toMatchObject({ trigger: { eventId: 'b' }, coveredEventIds: ['a'] });
  });

  it('takes the newest line that names her', () => {
    const rows = [line('a Maya'), line('b Maya'), line('c')];
    expect(chooseFrame(rows, her, named)).toMatchObject({
      trigger: { eventId: 'b Maya' },
      coveredEventIds: ['a Maya', 'c'],
    });
  });

  it.each([
    ['stale', line('x', { occurredAtMs: NOW_MS - STALE_AFTER_MS - 1 }), her],
    ['badly signed', line('x', { signature: 'invalid' }), her],
    ['covered already', line('x'), { ...her, covered: new Set(['x']) }],
  ])('leaves out what is %s', (_why, row, state) => {
    expect(chooseFrame([row], state, named)).toBeUndefined();
    expect(chooseFrame([row, line('y', { occurredAtMs: NOW_MS + 1 })], state, named)).toMatchObject({
      trigger: { eventId: 'y' },
      coveredEventIds: [],
    });
  });
});

describe('replyMid', () => {
  it('is UUIDv5 of the peer and the trigger', () => {
    // Vector: uuid5(NAMESPACE_DNS, "www.example.com"), RFC 9562 appendix A.4.
    expect(replyMid('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });
});

describe('LatencyAggregate', () => {
  it('is empty before the first turn, and never overflows', () => {
    const latency = new LatencyAggregate();
    expect([latency.count, latency.minMs, latency.maxMs, latency.meanMs]).toEqual([
      0,
      undefined,
      undefined,
      undefined,
    ]);
    for (const ms of [10, 30, 20]) latency.record(ms);
    expect([latency.count, latency.totalMs, latency.minMs, latency.maxMs, latency.meanMs]).toEqual([
      3, 60, 10, 30, 20,
    ]);
    latency.record(Number.MAX_SAFE_INTEGER);
    expect(latency.totalMs).toBe(Number.MAX_SAFE_INTEGER);
  });
});
