import { beforeEach, describe, expect, it } from 'vitest';
import { chatPayload } from '../../../shared/airc/body.ts';
import type { PublishRequest } from '../../../shared/airc/connection.ts';
import type { DaemonClient } from '../../../shared/airc/daemon-client.ts';
import { compareCursors, cursorOf, type AircEvent, type Cursor } from '../../../shared/airc/model.ts';
import { describeDaemon } from '../../../shared/testing/daemon-acceptance.ts';
import { MemoryEventStore } from '../../../shared/testing/memory-event-store.ts';
import { SeededRandom } from '../../../shared/testing/seeded-random.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import { DaemonCore } from './core.ts';
import { coreClient } from './core-client.ts';

const ROOM = '5eedf7b1-14b1-5938-b4ea-047c239c8fd4';
const PEER = '11111111-1111-4111-8111-111111111111';

/** The moment of the commit is the test's: `commit` runs what was scheduled. */
class World {
  readonly store = new MemoryEventStore();
  readonly clock = new VirtualClock();
  readonly random = new SeededRandom(7);
  #scheduled: (() => void)[] = [];
  core = this.start();
  client: DaemonClient = coreClient(this.core);

  start(): DaemonCore {
    this.#scheduled = [];
    const { store, clock, random } = this;
    this.core = new DaemonCore({ store, clock, random, schedule: (work) => this.#scheduled.push(work) });
    this.client = coreClient(this.core);
    return this.core;
  }

  commit(): void {
    for (const work of this.#scheduled.splice(0)) work();
  }

  request(fields: Partial<PublishRequest> = {}): PublishRequest {
    return {
      channel: ROOM,
      fromPeer: PEER,
      fromClient: PEER,
      kind: 'message',
      delivery: 'durable',
      headers: new Map(),
      payload: chatPayload('text'),
      ...fields,
    };
  }
}

describeDaemon('the core alone', () => {
  const store = new MemoryEventStore();
  const deps = {
    store,
    clock: new VirtualClock(),
    random: new SeededRandom(1),
    schedule: (work: () => void) => queueMicrotask(work),
  };
  let core = new DaemonCore(deps);
  const client = (): DaemonClient => coreClient(core);
  // One client over all restarts, as a socket's path is.
  const current = new Proxy({} as DaemonClient, {
    get: (_target, name) => client()[name as keyof DaemonClient],
  });
  return Promise.resolve({
    client: current,
    restart: async () => {
      core.close();
      core = new DaemonCore(deps);
    },
    stop: async () => core.close(),
  });
});

describe('the core', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  const settled = async (promise: Promise<unknown>): Promise<boolean> => {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    await new Promise((done) => setImmediate(done));
    return isSettled;
  };

  it('acknowledges only what is stored, and shows it to nobody before', async () => {
    const ending = new AbortController();
    const events = (await world.client.attach({ channel: ROOM, start: { from: 'now' } }, ending.signal))[
      Symbol.asyncIterator
    ]();
    const seen = events.next();
    const receipt = world.client.publish(world.request());
    expect(await settled(receipt)).toBe(false);
    expect(await settled(seen)).toBe(false);
    expect((await world.client.inbox({ channel: ROOM, limit: 1 })).events).toEqual([]);
    world.commit();
    expect((await seen).value).toMatchObject({ eventId: (await receipt).eventId });
    ending.abort();
  });

  it('commits together what was published together, in order', async () => {
    const receipts = Array.from({ length: 20 }, () => world.client.publish(world.request()));
    await settled(Promise.all(receipts));
    world.commit();
    expect(world.store.commits).toEqual([20]);
    expect((await Promise.all(receipts)).map((receipt) => receipt.counter)).toEqual(
      Array.from({ length: 20 }, (_, index) => index),
    );
  });

  it('that crashes before the commit has neither acknowledged nor kept it', async () => {
    const receipt = world.client.publish(world.request());
    await settled(receipt);
    world.start();
    world.commit();
    expect(await settled(receipt)).toBe(false);
    expect(await world.client.roomTip(ROOM)).toBeUndefined();
  });

  it('gives no place twice over crashes at any moment', async () => {
    const places: Cursor[] = [];
    for (let life = 0; life < 10; life += 1) {
      for (let count = 0; count < 5; count += 1) {
        const receipt = world.client.publish(world.request());
        await settled(receipt);
        if (world.random.chance(0.3)) break;
        world.commit();
        places.push(cursorOf(await receipt));
      }
      world.start();
    }
    expect(places.length).toBeGreaterThan(10);
    expect(
      places.every((place, index) => index === 0 || compareCursors(place, places[index - 1] ?? place) > 0),
    ).toBe(true);
  });

  it('refuses what it could not store, hands out what needs no storing, and goes on', async () => {
    const ending = new AbortController();
    const events = (await world.client.attach({ channel: ROOM, start: { from: 'now' } }, ending.signal))[
      Symbol.asyncIterator
    ]();
    world.store.isFull = true;
    const lost = world.client.publish(world.request());
    const signal = world.client.publish(world.request({ delivery: 'ephemeral_window', kind: 'signal' }));
    await settled(signal);
    world.commit();
    await expect(lost).rejects.toMatchObject({
      code: 'DaemonRefused',
      message: 'publish: The disk is full.',
    });
    await signal;
    world.store.isFull = false;
    const kept = world.client.publish(world.request());
    await settled(kept);
    world.commit();
    await kept;
    const [first, second] = [await events.next(), await events.next()];
    expect([first.value, second.value]).toMatchObject([{ kind: 'signal' }, { kind: 'message' }]);
    expect(world.store.events).toHaveLength(1);
    ending.abort();
  });

  it('sheds what would not fit its queue, before anybody saw it', async () => {
    const receipts = Array.from({ length: 1_030 }, () => world.client.publish(world.request()));
    const outcomes = Promise.allSettled(receipts);
    await settled(Promise.resolve());
    world.commit();
    const refused = (await outcomes).filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(6);
    expect(refused[0]?.reason).toMatchObject({
      code: 'DaemonRefused',
      message: expect.stringContaining('saturated'),
    });
    expect(world.store.events).toHaveLength(1_024);
  });

  it.each<[string, Partial<PublishRequest>]>([
    ['payload', { payload: new Uint8Array(7 * 1024 * 1024 + 1) }],
    ['header', { headers: new Map([['x-a', 'y'.repeat(200_000)]]) }],
  ])('refuses a %s that would fit no frame of its own', async (_what, fields) => {
    await expect(world.client.publish(world.request(fields))).rejects.toMatchObject({
      code: 'DaemonRefused',
    });
  });

  it('keeps no more than a bounded queue for a reader that stands still, and reads the rest again', async () => {
    const ending = new AbortController();
    const events = await world.client.attach({ channel: ROOM, start: { from: 'now' } }, ending.signal);
    for (let batch = 0; batch < 10; batch += 1) {
      const receipts = Array.from({ length: 500 }, () => world.client.publish(world.request()));
      await settled(Promise.resolve());
      world.commit();
      await Promise.all(receipts);
    }
    expect(world.store.reads).toBe(0);
    const seen: AircEvent[] = [];
    for await (const event of events) {
      seen.push(event);
      if (seen.length === 5_000) break;
    }
    expect(seen.map((event) => event.counter)).toEqual(Array.from({ length: 5_000 }, (_, index) => index));
    // 1,024 came from the queue, 256 from the ring, the rest in pages of 128 from the store.
    expect(world.store.reads).toBeGreaterThan(25);
  });

  it('brings nothing from a cursor of another store until its own numbers have passed it', async () => {
    const ending = new AbortController();
    const cursor = { epoch: 1, counter: 2, eventId: 'ffffffff-ffff-4fff-8fff-ffffffffffff' };
    const events = await world.client.attach(
      { channel: ROOM, start: { from: 'after', cursor } },
      ending.signal,
    );
    const reading = (async () => {
      for await (const event of events) return event.counter;
      return undefined;
    })();
    for (let count = 0; count < 4; count += 1) {
      const receipt = world.client.publish(world.request());
      await settled(receipt);
      world.commit();
    }
    expect(await reading).toBe(3);
  });

  it('forgets the rings of rooms nobody listens to, but nothing that is stored or heard', async () => {
    const room = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
    const ending = new AbortController();
    const heard = await world.client.attach({ channel: room(0), start: { from: 'now' } }, ending.signal);
    for (let index = 0; index < 600; index += 1) {
      const receipt = world.client.publish(world.request({ channel: room(index) }));
      await settled(Promise.resolve());
      world.commit();
      await receipt;
    }
    const first = await heard[Symbol.asyncIterator]().next();
    expect(first.value).toMatchObject({ channel: room(0) });
    expect((await world.client.inbox({ channel: room(1), limit: 5 })).events).toHaveLength(1);
    const replayed = await world.client.attach(
      { channel: room(1), start: { from: 'beginning' } },
      ending.signal,
    );
    expect((await replayed[Symbol.asyncIterator]().next()).value).toMatchObject({ channel: room(1) });
    ending.abort();
  });

  it.each([
    ['payload', { payload: new Uint8Array(8 * 1024 * 1024) }],
    ['coalesce key', { coalesceKey: 'k'.repeat(9_000_000) }],
    ['target', { target: { kind: 'capability', capability: 'k'.repeat(9_000_000) } }],
    ['header, counted in bytes', { headers: new Map([['k', '海'.repeat(100_000)]]) }],
    ['number of headers', { headers: new Map(Array.from({ length: 10_000 }, (_, n) => [String(n), ''])) }],
  ] satisfies [string, Partial<PublishRequest>][])(
    'refuses an event that would fit no answer, for its %s',
    async (_what, fields) => {
      await expect(world.client.publish(world.request(fields))).rejects.toMatchObject({
        code: 'DaemonRefused',
      });
    },
  );

  it('that has ended takes nothing more', async () => {
    const waiting = world.client.publish(world.request());
    await world.client.stop();
    await expect(waiting).rejects.toMatchObject({ code: 'DaemonGone' });
    await expect(world.client.publish(world.request())).rejects.toMatchObject({ code: 'DaemonGone' });
    await expect(
      world.client.attach({ channel: ROOM, start: { from: 'now' } }, new AbortController().signal),
    ).rejects.toMatchObject({ code: 'DaemonGone' });
  });
});
