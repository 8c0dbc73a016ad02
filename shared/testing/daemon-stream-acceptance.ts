/** Owns what every airc daemon must do for its live and replayed streams. */
import { describe, expect, it } from 'vitest';
import { chatPayload } from '../airc/body.ts';
import { cursorOf } from '../airc/model.ts';
import { systemRandom, uuidV4 } from '../random.ts';
import { isAscending, type TestRoom } from './daemon-room.ts';

const QUIET_MS = 300;

export function describeStreams(room: () => TestRoom): void {
  describe('a live stream', () => {
    it('leaves out the past, then gives what is published', async () => {
      const here = room();
      await here.say(30);
      const stream = await here.listen({ start: { from: 'now' } });
      expect(await stream.within(QUIET_MS)).toBe('quiet');
      await here.publish({ payload: chatPayload('new') });
      expect(here.texts(await stream.take(1))).toEqual(['new']);
      stream.end();
    });

    it('reaches 14 readers, 50 messages each, in order', async () => {
      const here = room();
      const streams = await Promise.all(
        Array.from({ length: 14 }, () => here.listen({ start: { from: 'now' } })),
      );
      await here.say(50);
      const numbers = Array.from({ length: 50 }, (_, index) => String(index));
      for (const stream of streams) {
        expect(here.texts(await stream.take(50))).toEqual(numbers);
        stream.end();
      }
    });

    it('carries a burst of 2,000 whole and in order', async () => {
      const here = room();
      const stream = await here.listen({ start: { from: 'now' } });
      const receipts = await here.burst(2_000);
      const events = await stream.take(2_000);
      expect(new Set(events.map((event) => event.eventId))).toEqual(
        new Set(receipts.map((receipt) => receipt.eventId)),
      );
      expect(isAscending(events)).toBe(true);
      stream.end();
    });

    it('carries every class, of which only the durable stay', async () => {
      const here = room();
      const stream = await here.listen({ start: { from: 'now' } });
      const chunk = Uint8Array.of(0, 1, 254, 255);
      await here.publish({ payload: chatPayload('chat') });
      await here.publish({ delivery: 'stream_chunk', kind: 'stream_chunk', payload: chunk });
      await here.publish({ delivery: 'ephemeral_latest', kind: 'event', coalesceKey: 'presence:a' });
      await here.publish({ delivery: 'ephemeral_window', kind: 'signal' });
      await here.publish({ delivery: 'request_response', kind: 'command' });
      const events = await stream.take(5);
      expect(events.map((event) => event.delivery)).toEqual([
        'durable',
        'stream_chunk',
        'ephemeral_latest',
        'ephemeral_window',
        'request_response',
      ]);
      expect(events[1]?.payload).toEqual(chunk);
      expect(here.texts((await here.inbox(10)).events)).toEqual(['chat']);
      stream.end();
    });

    it('brings a command and its result to two readers filtered by kind', async () => {
      const here = room();
      const correlationId = uuidV4(systemRandom);
      const commands = await here.listen({ start: { from: 'now' }, kinds: ['command'] });
      const results = await here.listen({ start: { from: 'now' }, kinds: ['command_result'] });
      await here.publish({ kind: 'command', delivery: 'request_response', correlationId });
      await here.publish({ kind: 'command_result', delivery: 'request_response', correlationId });
      expect(await commands.take(1)).toMatchObject([{ kind: 'command', correlationId }]);
      expect(await results.take(1)).toMatchObject([{ kind: 'command_result', correlationId }]);
      expect(await commands.within(QUIET_MS)).toBe('quiet');
      commands.end();
      results.end();
    });

    it('brings only what the header filter lets through', async () => {
      const here = room();
      const stream = await here.listen({
        start: { from: 'now' },
        headers: {
          kind: 'any_of',
          filters: [
            { kind: 'exact', key: 'x-a', value: '1' },
            { kind: 'prefix', key: 'x-b', valuePrefix: 'b.' },
          ],
        },
      });
      await here.publish({ headers: new Map([['x-a', '1']]) });
      await here.publish({ headers: new Map([['x-a', '2']]) });
      await here.publish({ headers: new Map([['x-b', 'b.2']]) });
      await here.publish({});
      const events = await stream.take(2);
      expect(events.map((event) => [...event.headers])).toEqual([[['x-a', '1']], [['x-b', 'b.2']]]);
      expect(await stream.within(QUIET_MS)).toBe('quiet');
      stream.end();
    });

    it('of an empty list of kinds brings nothing', async () => {
      const here = room();
      const stream = await here.listen({ start: { from: 'now' }, kinds: [] });
      await here.publish({});
      expect(await stream.within(QUIET_MS)).toBe('quiet');
      stream.end();
    });
  });

  describe('a stream from the past', () => {
    it('gives the backlog one by one, then goes on live', async () => {
      const here = room();
      await here.say(5);
      const stream = await here.listen({ start: { from: 'beginning' } });
      expect(here.texts(await stream.take(5))).toEqual(['0', '1', '2', '3', '4']);
      await here.publish({ payload: chatPayload('live') });
      expect(here.texts(await stream.take(1))).toEqual(['live']);
      stream.end();
    });

    it('told in one sum: how many, up to where, then the new event', async () => {
      const here = room();
      await here.say(30);
      const tip = await here.tip();
      const stream = await here.listen({ start: { from: 'beginning' }, coalesceBacklog: true });
      expect(await stream.within(QUIET_MS)).toBe('quiet');
      const { eventId } = await here.publish({});
      expect(await stream.takeItems(2)).toMatchObject([
        { kind: 'advanced', skipped: 30, advancedTo: tip },
        { kind: 'event', event: { eventId } },
      ]);
      stream.end();
    });

    it('has each event once, also where it was published while the backlog was read', async () => {
      const here = room();
      await here.say(600);
      const after = (await here.inbox(550)).events[0];
      if (after === undefined) throw new Error('The room is empty.');
      const [stream] = await Promise.all([
        here.listen({ start: { from: 'after', cursor: cursorOf(after) } }),
        here.burst(300),
      ]);
      const events = await stream.take(549 + 300);
      expect(new Set(events.map((event) => event.eventId)).size).toBe(849);
      expect(isAscending(events)).toBe(true);
      expect(await stream.within(QUIET_MS)).toBe('quiet');
      stream.end();
    });

    it('replays what was never stored while it is still in memory, but no latest values', async () => {
      const here = room();
      await here.publish({ payload: chatPayload('stored') });
      await here.publish({ delivery: 'stream_chunk', kind: 'stream_chunk' });
      await here.publish({ delivery: 'ephemeral_latest', coalesceKey: 'k' });
      await here.publish({ payload: chatPayload('stored too') });
      const stream = await here.listen({ start: { from: 'beginning' } });
      expect((await stream.take(3)).map((event) => event.delivery)).toEqual([
        'durable',
        'stream_chunk',
        'durable',
      ]);
      stream.end();
    });

    it('brings a reader that stood still everything it missed, and delays nobody', async () => {
      const here = room();
      const slow = await here.listen({ start: { from: 'now' } });
      const quick = await here.listen({ start: { from: 'now' } });
      const payload = chatPayload('x'.repeat(8_000));
      for (let round = 0; round < 8; round += 1) await here.burst(400, payload);
      expect(isAscending(await quick.take(3_200))).toBe(true);
      const events = await slow.take(3_200);
      expect(new Set(events.map((event) => event.eventId)).size).toBe(3_200);
      expect(isAscending(events)).toBe(true);
      slow.end();
      quick.end();
    });
  });
}
