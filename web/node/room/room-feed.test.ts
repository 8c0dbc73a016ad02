import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { silentLogger } from '../../../shared/log.ts';
import { CompanionStandIn, STAND_IN_ROOM } from '../../../shared/testing/companion-stand-in.ts';
import { deterministicSigner, deterministicVerifier } from '../../../shared/testing/deterministic-crypto.ts';
import { createMemoryDisk, createMemoryStores } from '../../../shared/testing/memory-node-stores.ts';
import { SeededRandom } from '../../../shared/testing/seeded-random.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import { BridgeClient } from '../bridge/bridge-client.ts';
import { LiveHints } from './live-hints.ts';
import { RoomFeed, type FeedNews } from './room-feed.ts';

function openFeed() {
  const clock = new VirtualClock();
  const random = new SeededRandom(3);
  const companion = new CompanionStandIn(clock, random);
  const client = new BridgeClient({ dialer: companion.dialer, clock, random, log: silentLogger });
  const disk = createMemoryDisk();
  const { room: store } = createMemoryStores(disk);
  const feed = new RoomFeed(STAND_IN_ROOM, {
    client,
    store,
    verifier: deterministicVerifier,
    clock,
    log: silentLogger,
  });
  const news: FeedNews[] = [];
  feed.news.subscribe((item) => news.push(item));
  const { signal } = new AbortController();
  void client.run({ sessionId: 's', ...deterministicSigner('s') }, signal);
  void feed.run(signal);
  const requests: string[] = [];
  companion.intercept = (method) => {
    requests.push(method);
    return undefined;
  };
  const texts = () => (disk.log.get(STAND_IN_ROOM.channel) ?? []).map((row) => row.text);
  return { clock, companion, feed, news, requests, texts };
}

describe('RoomFeed', () => {
  it('begins with the newest lines, and follows', async () => {
    const { clock, companion, texts, news } = openFeed();
    companion.post('before');
    await clock.advance(500);
    companion.post('after');
    await clock.advance(500);
    expect(texts()).toEqual(['before', 'after']);
    expect(news.filter((item) => item.kind === 'caught-up')).toHaveLength(1);
  });

  it('shows a pushed line within two round trips', async () => {
    const { clock, companion, texts } = openFeed();
    await clock.advance(5_000);
    companion.post('hello');
    await clock.advance(10);
    expect(texts()).toEqual(['hello']);
  });

  it('reads a busy room in gulps, below what the companion allows', async () => {
    const { clock, companion, texts, requests } = openFeed();
    await clock.advance(5_000);
    requests.length = 0;
    for (let i = 0; i < 500; i += 1) {
      companion.post(`line ${i}`);
      await clock.advance(20);
    }
    await clock.advance(2_000);
    expect(texts()).toHaveLength(500);
    expect(requests.length).toBeLessThan(200);
  });

  it('pages through what it missed, however much that is', async () => {
    const { clock, companion, texts } = openFeed();
    await clock.advance(500);
    companion.isUp = false;
    companion.dropSockets();
    for (let i = 0; i < 950; i += 1) companion.post(`missed ${i}`);
    companion.isUp = true;
    await clock.advance(5_000);
    expect(texts()).toEqual(Array.from({ length: 950 }, (_, i) => `missed ${i}`));
  });

  it('finds an event that was inserted behind what was already read', async () => {
    const { clock, companion, texts } = openFeed();
    await clock.advance(500);
    for (let i = 0; i < 5; i += 1) companion.post(`line ${i}`);
    await clock.advance(3_000);
    const late = companion.post('late', { counter: 2.5 });
    companion.events.sort((a, b) => a.counter - b.counter);
    expect(companion.events.at(-1)).not.toBe(late);
    await clock.advance(20_000);
    expect(texts()).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4', 'late']);
  });

  it('attaches again when the daemon ended the stream, and says so in between', async () => {
    const { clock, companion, news, texts } = openFeed();
    await clock.advance(500);
    companion.send({
      type: 'attachEnded',
      subscription: `feed-${STAND_IN_ROOM.channel}`,
      error: { code: 'DaemonGone', message: 'gone' },
    });
    companion.intercept = (method) =>
      method === 'attach' ? new AppError('DaemonUnreachable', 'down') : undefined;
    await clock.advance(2_000);
    companion.intercept = () => undefined;
    companion.post('back');
    await clock.advance(2_000);
    expect(news.flatMap((item) => (item.kind === 'detached' ? [item.error.code] : []))).toEqual(
      expect.arrayContaining(['DaemonGone', 'DaemonUnreachable']),
    );
    expect(texts()).toEqual(['back']);
  });

  it('resolves a refresh only with what was in the room when it was asked', async () => {
    const { clock, companion, feed, texts } = openFeed();
    await clock.advance(5_000);
    companion.pushes = () => false;
    companion.post('unseen');
    let seen: unknown[] = [];
    void feed.refresh(new AbortController().signal).then(() => (seen = texts()));
    await clock.advance(500);
    expect(seen).toEqual(['unseen']);
  });

  it('passes on what is not durable, and stores none of it', async () => {
    const { clock, companion, news, texts } = openFeed();
    await clock.advance(500);
    companion.post('', { delivery: 'ephemeral_latest', kind: 'event' });
    await clock.advance(500);
    expect(news.filter((item) => item.kind === 'live')).toHaveLength(1);
    expect(texts()).toEqual([]);
  });
});

describe('LiveHints', () => {
  it('looks again a few times for what is not in the inbox yet, then leaves it to the regular checks', () => {
    const hints = new LiveHints();
    hints.add('a');
    const delays = [1, 2, 3, 4, 5].map(() => hints.nextRetryMs());
    expect(delays).toEqual([20, 50, 200, 500, undefined]);
    expect(hints.open).toBe(false);
  });

  it('takes what was read a moment before it was pushed for no news', () => {
    const hints = new LiveHints();
    hints.resolve('a');
    hints.add('a');
    expect(hints.open).toBe(false);
  });
});
