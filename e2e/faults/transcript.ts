/** Owns reading a room back out of the inbox, and what must hold of everything that is read. */
import { expect } from 'vitest';
import { chatTextOf, parseBody } from '../../shared/airc/body.ts';
import type { AircConnection } from '../../shared/airc/connection.ts';
import { compareCursors, cursorOf, type AircEvent, type Cursor, type Uuid } from '../../shared/airc/model.ts';
import type { Promised } from './room-writers.ts';

const PAGE = 500;

/** Everything after `since`, oldest first. */
export async function readInbox(
  connection: AircConnection,
  channel: Uuid,
  since: Cursor,
): Promise<readonly AircEvent[]> {
  const events: AircEvent[] = [];
  for (let place = since; ;) {
    const page = await connection.inbox({ channel, since: place, limit: PAGE });
    events.push(...page.events);
    if (page.newest === undefined) return events;
    place = page.newest;
  }
}

export function textOf(event: AircEvent): string | undefined {
  const body = parseBody(event.payload);
  return body && chatTextOf(body);
}

/** No event twice, no saying twice, and every place after the one before. */
export function expectInOrder(events: readonly AircEvent[]): void {
  expect(new Set(events.map((event) => event.eventId)).size, 'event ids').toBe(events.length);
  expect(new Set(events.map(textOf)).size, 'texts').toBe(events.length);
  const backwards = events.filter((event, index) => {
    const before = events[index - 1];
    return before !== undefined && compareCursors(before, event) >= 0;
  });
  expect(backwards.map(cursorOf), 'places that do not grow').toEqual([]);
}

/** What was promised and is not there as it was promised: the same text under the same id at the same place. */
export function missingFrom(
  events: readonly AircEvent[],
  acknowledged: readonly Promised[],
): readonly string[] {
  const byId = new Map(events.map((event) => [event.eventId, event]));
  return acknowledged
    .filter(({ text, receipt }) => {
      const event = byId.get(receipt.eventId);
      return event === undefined || textOf(event) !== text || compareCursors(event, receipt) !== 0;
    })
    .map(({ text }) => text);
}
