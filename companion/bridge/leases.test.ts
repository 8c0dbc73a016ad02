import { describe, expect, it } from 'vitest';
import { toBase64Url } from '../../shared/base64url.ts';
import { AppError } from '../../shared/errors.ts';
import { deterministicSigner } from '../../shared/testing/deterministic-crypto.ts';
import { fenceOf, MAYA, RelayWorld } from '../../shared/testing/relay-world.ts';
import { ClaimPins } from './claim-pins.ts';
import { LeaseBook } from './leases.ts';

const KIRA = 'b20c2a52-6c0c-4c89-8d8b-3a3b6c1f0e0b';

describe('claims', () => {
  it('lets a socket publish as the peer it has claimed, and as nobody else', async () => {
    const world = new RelayWorld();
    const page = world.connect();
    const unclaimed = page.publish(0);
    await world.clock.advance(10);
    expect(page.answer(unclaimed)).toBe('NotClaimed');
    const fence = fenceOf(await page.claim(MAYA));
    const said = page.publish(fence);
    const stale = page.publish(fence - 1);
    const asKira = page.publish(fence, 'hello', { fromPeer: KIRA });
    await world.clock.advance(10);
    expect(page.answer(said)).toMatchObject({ epoch: 1, counter: 1 });
    expect(page.answer(stale)).toBe('NotClaimed');
    expect(page.answer(asKira)).toBe('NotClaimed');
    expect(world.daemon.events).toHaveLength(1);
    expect(world.daemon.events[0]).toMatchObject({ peerId: MAYA });
  });

  it('refuses another profile while the first is heard, and not a moment longer', async () => {
    const world = new RelayWorld();
    const [first, second] = [world.connect('profile-1'), world.connect('profile-2')];
    const firstFence = fenceOf(await first.claim(MAYA));
    expect(await second.claim(MAYA)).toBe('OwnerElsewhere');
    first.pair.silence();
    await world.clock.advance(9_000);
    second.pair.near.send('{"type":"ping","sentAtMs":1}');
    expect(await second.claim(MAYA)).toBe('OwnerElsewhere');
    await world.clock.advance(1_100);
    expect(fenceOf(await second.claim(MAYA))).toBeGreaterThan(firstFence);
  });

  it('gives a released identity to the next', async () => {
    const world = new RelayWorld();
    const [first, second] = [world.connect('profile-1'), world.connect('profile-2')];
    const fence = fenceOf(await first.claim(MAYA));
    expect(await first.ask('release', { peerId: MAYA })).toEqual({});
    expect(fenceOf(await second.claim(MAYA))).toBeGreaterThan(fence);
    const late = first.publish(fence);
    expect(await second.ask('release', { peerId: KIRA })).toEqual({});
    await first.ask('release', { peerId: MAYA });
    expect(first.answer(late)).toBe('NotClaimed');
    expect(world.relay.connections()).toContainEqual({ sessionId: 'profile-2', peers: [MAYA] });
  });

  it('lets a newer socket of the same profile take over at once, and tells the older one', async () => {
    const world = new RelayWorld();
    const [older, newer] = [world.connect('profile-1'), world.connect('profile-1')];
    const fence = fenceOf(await older.claim(MAYA));
    expect(fenceOf(await newer.claim(MAYA))).toBeGreaterThan(fence);
    expect(older.ofType('leaseLost')).toMatchObject([{ peerId: MAYA, error: { code: 'OwnerElsewhere' } }]);
    const late = older.publish(fence);
    await world.clock.advance(10);
    expect(older.answer(late)).toBe('NotClaimed');
    older.pair.cut();
    await world.clock.advance(10);
    expect(world.relay.connections()).toEqual([{ sessionId: 'profile-1', peers: [MAYA] }]);
  });

  it('answers a claim only when what the last holder published has arrived', async () => {
    const world = new RelayWorld();
    const [older, newer] = [world.connect('profile-1'), world.connect('profile-1')];
    const fence = fenceOf(await older.claim(MAYA));
    let arrive: () => void = () => undefined;
    world.daemon.beforeReceipt = () =>
      new Promise((resolve) => {
        arrive = resolve;
      });
    older.publish(fence);
    await world.clock.advance(10);
    older.pair.cut();
    expect(await newer.claim(MAYA)).toBeUndefined();
    arrive();
    await world.clock.advance(10);
    expect(fenceOf(newer.answer(1))).toBeGreaterThan(fence);
  });

  it.each([
    ['another key than the pinned one', (page: ReturnType<RelayWorld['connect']>) => page.claim(MAYA, 'eve')],
    [
      'a proof made for another socket',
      (page: ReturnType<RelayWorld['connect']>) => page.claim(MAYA, 'maya', 'nonce-of-another'),
    ],
    [
      'a signature of nothing',
      (page: ReturnType<RelayWorld['connect']>) =>
        page.ask('claim', {
          peerId: MAYA,
          publicKey: toBase64Url(deterministicSigner('maya').publicKey),
          signature: toBase64Url(new Uint8Array(64)),
        }),
    ],
    [
      'a key that is none',
      (page: ReturnType<RelayWorld['connect']>) =>
        page.ask('claim', { peerId: MAYA, publicKey: 'AAAA', signature: 'AAAA' }),
    ],
  ])('refuses %s as ClaimInvalid', async (_what, claim) => {
    const world = new RelayWorld();
    const page = world.connect();
    await page.claim(MAYA);
    await page.ask('release', { peerId: MAYA });
    expect(await claim(page)).toBe('ClaimInvalid');
    expect(world.saved).toEqual(new Map([[MAYA, toBase64Url(deterministicSigner('maya').publicKey)]]));
    expect(world.relay.connections()).toEqual([{ sessionId: 'profile-1', peers: [] }]);
  });
});

describe('LeaseBook', () => {
  const holder = { sessionId: 's', isHeard: () => true, leaseLost: () => undefined };

  it('gives fences that grow over claims and restarts', () => {
    const before = new LeaseBook(1);
    const fences = [before.claim(MAYA, holder), before.claim(MAYA, holder), before.claim(KIRA, holder)];
    fences.push(new LeaseBook(2).claim(MAYA, holder), new LeaseBook(3).claim(MAYA, holder));
    expect(fences).toEqual([...fences].sort((a, b) => a - b));
    expect(new Set(fences).size).toBe(fences.length);
  });

  it('takes a lease from a socket that is not heard any more, before its end is noticed', () => {
    const book = new LeaseBook(1);
    const other = { ...holder, sessionId: 'other' };
    const silent = { ...holder, isHeard: () => false };
    book.claim(MAYA, silent);
    book.claim(MAYA, other);
    expect([book.heldBy(silent), book.heldBy(other)]).toEqual([[], [MAYA]]);
  });

  it('takes a fence from its holder only', async () => {
    const book = new LeaseBook(1);
    const fence = book.claim(MAYA, holder);
    const publish = () => Promise.resolve('sent');
    const thief = { ...holder };
    await expect(book.publishAs(MAYA, fence, thief, publish)).rejects.toMatchObject({ code: 'NotClaimed' });
    expect(await book.publishAs(MAYA, fence, holder, publish)).toBe('sent');
  });
});

describe('ClaimPins', () => {
  it('pins for one of two first claims, and forgets a pin that the disk refused', async () => {
    let refusing = true;
    const pins = new ClaimPins(new Map(), () =>
      refusing ? Promise.reject(new AppError('HomeUnusable', 'full')) : Promise.resolve(),
    );
    await expect(pins.ensure(MAYA, 'one')).rejects.toMatchObject({ code: 'HomeUnusable' });
    refusing = false;
    const outcomes = await Promise.allSettled([pins.ensure(MAYA, 'two'), pins.ensure(MAYA, 'three')]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected']);
    await pins.ensure(MAYA, 'two');
  });
});
