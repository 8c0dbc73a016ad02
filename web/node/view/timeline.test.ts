import { describe, expect, it } from 'vitest';
import { createMemoryDisk, createMemoryStores } from '../../../shared/testing/memory-node-stores.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import type { NewRoomLogRow } from '../storage/stores.ts';
import type { OutboxRow } from '../storage/database.ts';
import type { RoomView } from '../view.ts';
import { Timeline } from './timeline.ts';

const ROOM = { name: 'general', channel: 'room' };
const cursor = { epoch: 1, counter: 1, eventId: 'e' };

function row(n: number, more: Partial<NewRoomLogRow> = {}): NewRoomLogRow {
  return {
    eventId: `e${n}`,
    channel: 'room',
    peerId: 'sam-1234-5678',
    clientId: 'c',
    kind: 'message',
    delivery: 'durable',
    epoch: 1,
    counter: n,
    occurredAtMs: n,
    headers: [],
    text: `line ${n}`,
    signature: 'unsigned',
    kindOfSender: 'human',
    ...more,
  };
}

function said(mid: string, state: OutboxRow['state']): OutboxRow {
  return {
    mid,
    peerId: 'me',
    channel: 'room',
    text: `said ${mid}`,
    headers: [],
    state,
    createdAtMs: 5,
    daemonKey: 'd',
    after: cursor,
    ...(state === 'failed' ? { error: { code: 'MessageTooLarge', message: 'too long' } } : {}),
  };
}

async function openTimeline(rows: number, readTo?: number) {
  const { room: store } = createMemoryStores(createMemoryDisk());
  const append = (added: NewRoomLogRow[]) =>
    store.append({ daemonKey: 'd', channel: 'room', rows: added, cursor });
  await append(Array.from({ length: rows }, (_, i) => row(i + 1)));
  if (readTo !== undefined) await store.setReadPosition('me', 'room', readTo);
  let view: RoomView | undefined;
  const timeline = new Timeline({
    room: ROOM,
    store,
    clock: new VirtualClock(),
    self: { peerId: 'me', name: 'Robin' },
    onChange: (changed) => (view = changed),
  });
  await timeline.open([]);
  await timeline.caughtUp();
  return { store, timeline, append, view: () => view as RoomView };
}

describe('Timeline', () => {
  it('counts everything as read at the very first visit', async () => {
    const { view } = await openTimeline(3);
    expect(view()).toMatchObject({ unread: 0, hasOlder: false, loadingOlder: false });
    expect(view().items.map((item) => [item.key, item.name])).toEqual([
      ['e1', 'peer-sam-1234'],
      ['e2', 'peer-sam-1234'],
      ['e3', 'peer-sam-1234'],
    ]);
  });

  it('draws the unread line above the first new item, and moves it when that is read', async () => {
    const { timeline, view, store } = await openTimeline(3, 1);
    expect(view()).toMatchObject({ unread: 2, unreadFromKey: 'e2' });
    await timeline.markRead('e2');
    expect(view()).toMatchObject({ unread: 1, unreadFromKey: 'e3' });
    await timeline.markRead('e1');
    expect(view().unread).toBe(1);
    expect(await store.readPosition('me', 'room')).toBe(2);
  });

  it('pages older lines in front', async () => {
    const { timeline, view } = await openTimeline(150);
    expect(view().items).toHaveLength(100);
    expect(view()).toMatchObject({ hasOlder: true });
    await timeline.loadOlder();
    expect(view().items.map((item) => item.key)).toEqual(Array.from({ length: 150 }, (_, i) => `e${i + 1}`));
    expect(view()).toMatchObject({ hasOlder: false });
  });

  it('shows what is on its way until it is in the room, once', async () => {
    const { timeline, view, append } = await openTimeline(1);
    timeline.track(said('m1', 'waiting'));
    expect(view().items.at(-1)).toMatchObject({ key: 'm1', self: true, delivery: { state: 'sending' } });
    timeline.add(await append([row(2, { mid: 'm1', name: 'Robin', peerId: 'me', signature: 'valid' })]));
    timeline.track(said('m1', 'said'));
    expect(view().items.map((item) => [item.key, item.delivery.state])).toEqual([
      ['e1', 'in-room'],
      ['m1', 'in-room'],
    ]);
  });

  it('shows a refused message with its cause', async () => {
    const { timeline, view } = await openTimeline(0);
    timeline.track(said('m1', 'failed'));
    expect(view().items.at(-1)?.delivery).toMatchObject({
      state: 'failed',
      trouble: { code: 'MessageTooLarge', nextStep: expect.any(String) },
    });
  });

  it('shows a saying that reached the room twice once', async () => {
    const { timeline, view, append } = await openTimeline(0);
    timeline.add(await append([row(1, { mid: 'm' }), row(2, { mid: 'm' })]));
    expect(view().items).toHaveLength(1);
  });

  it('leaves out what is no chat', async () => {
    const { timeline, view, append } = await openTimeline(0);
    timeline.add(await append([row(1, { kind: 'event' }), row(2, { text: ' ' })]));
    expect(view().items).toEqual([]);
  });
});
