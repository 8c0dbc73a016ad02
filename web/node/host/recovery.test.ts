import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { signHeaders } from '../../../shared/persona/signed-headers.ts';
import { deterministicVerifier } from '../../../shared/testing/deterministic-crypto.ts';
import type { BridgeEvent } from '../../../shared/bridge/messages.ts';
import { STAND_IN_ROOM } from '../../../shared/testing/companion-stand-in.ts';
import { HostWorld, MAYA } from '../../../shared/testing/host-world.ts';
import { idleAdapters, spoke, standInIdentity } from '../../../shared/testing/host-stand-ins.ts';
import { createMemoryStores } from '../../../shared/testing/memory-node-stores.ts';
import { judgeTurn, TURN_BUDGET } from '../../brain/guard/loop-guard.ts';
import { replyMid } from '../serve/reply-mid.ts';

describe('the persona host after a fault', () => {
  it('looks her answer up before she says it again, when the acknowledgement was lost', async () => {
    const world = new HostWorld();
    world.start();
    await world.clock.advance(1_000);
    let lost = 0;
    world.companion.intercept = (method, params) => {
      if (method !== 'publish' || (params as { kind: string }).kind !== 'message' || lost > 0)
        return undefined;
      lost += 1;
      world.clock.after(5, () => world.companion.dropSockets());
      return 'apply-but-never';
    };
    world.companion.post('hello');
    await world.clock.advance(30_000);
    expect(lost).toBe(1);
    expect(world.said(MAYA)).toEqual(['You said: hello']);
    expect([...world.disk.ledger.values()].map((row) => row.state)).toEqual(['published']);
  });

  it('says it when the publish never arrived', async () => {
    const world = new HostWorld();
    world.start();
    await world.clock.advance(1_000);
    let lost = 0;
    world.companion.intercept = (method, params) => {
      if (method !== 'publish' || (params as { kind: string }).kind !== 'message' || lost > 0)
        return undefined;
      lost += 1;
      world.clock.after(5, () => world.companion.dropSockets());
      return 'never';
    };
    world.companion.post('hello');
    await world.clock.advance(30_000);
    expect(world.said(MAYA)).toEqual(['You said: hello']);
  });

  it('answers after a restart what was asked while she was away, but nothing that is older than ten minutes', async () => {
    const world = new HostWorld();
    const first = world.start();
    await world.clock.advance(1_000);
    await first.stop();
    world.companion.post('long ago');
    await world.clock.advance(11 * 60_000);
    world.companion.post('just now');
    world.start();
    await world.clock.advance(2_000);
    expect(world.said(MAYA)).toEqual(['You said: just now']);
    expect(world.turns[0]?.history.map((line) => line.text)).toEqual(['long ago']);
  });

  it.each(['claimed', 'drafted', 'publishing'] as const)(
    'goes on after a restart with a frame that was %s',
    async (state) => {
      const world = new HostWorld();
      const first = world.start();
      await world.clock.advance(1_000);
      await first.stop();
      const question = world.companion.post('hello');
      world.disk.ledger.set(`${MAYA}|${question.eventId}`, {
        peerId: MAYA,
        triggerEventId: question.eventId,
        channel: question.channel,
        coveredEventIds: [],
        coveredKeys: [`${MAYA}:${question.eventId}`],
        turnId: question.eventId,
        mid: replyMid(MAYA, question.eventId),
        state,
        ...(state === 'claimed' ? {} : { text: 'drafted before' }),
        updatedAtMs: world.clock.nowMs(),
      });
      world.start();
      await world.clock.advance(5_000);
      expect(world.said(MAYA)).toEqual([state === 'claimed' ? 'You said: hello' : 'drafted before']);
      expect([...world.disk.ledger.values()].map((row) => row.state)).toEqual(['published']);
    },
  );

  it('does not say a frame again that was published just before the crash', async () => {
    const world = new HostWorld();
    const first = world.start();
    await world.clock.advance(1_000);
    world.companion.post('hello');
    await world.clock.advance(1_000);
    await first.stop();
    // The crash came between the room and the ledger.
    for (const [key, row] of world.disk.ledger) world.disk.ledger.set(key, { ...row, state: 'publishing' });
    world.start();
    await world.clock.advance(10_000);
    expect(world.said(MAYA)).toEqual(['You said: hello']);
  });

  it('waits while she is at home elsewhere, and takes over where the other home stopped', async () => {
    const world = new HostWorld();
    let elsewhere = true;
    world.companion.intercept = (method) =>
      method === 'claim' && elsewhere
        ? new AppError('OwnerElsewhere', 'She is at home elsewhere.')
        : undefined;
    world.start();
    await world.clock.advance(20_000);
    expect(world.sink.leases).toContain('refused');
    const answered = world.companion.post('for the other home');
    await world.clock.advance(5_000);
    expect(world.turns).toHaveLength(0);
    const text = 'answered at the other home';
    world.companion.post(text, await signed('Maya', text, replyMid(MAYA, answered.eventId)));
    world.companion.post('for you');
    elsewhere = false;
    await world.clock.advance(5_000);
    expect(world.said(MAYA)).toEqual([text, 'You said: for you']);
    expect(world.turns).toHaveLength(1);
  });

  it('answers a line that was lost before her other home saw it, when its author repeats it', async () => {
    const world = new HostWorld();
    let elsewhere = true;
    world.companion.intercept = (method) =>
      method === 'claim' && elsewhere
        ? new AppError('OwnerElsewhere', 'She is at home elsewhere.')
        : undefined;
    world.start();
    await world.clock.advance(20_000);
    const twice = await signed('Joel', 'twice', '7d7a4a3e-4b7e-4a6f-9f51-0d2f3c6c8a01');
    const lost = world.companion.post('twice', twice);
    await world.clock.advance(1_000);
    world.companion.events = world.companion.events.filter((event) => event !== lost);
    const answered = world.companion.post('for the other home');
    const text = 'answered at the other home';
    world.companion.post(text, await signed('Maya', text, replyMid(MAYA, answered.eventId)));
    world.companion.post('twice', twice);
    elsewhere = false;
    await world.clock.advance(5_000);
    expect(world.said(MAYA)).toEqual([text, 'You said: twice']);
  });

  it('stops a turn under way within its bound, and finishes it at the next start', async () => {
    const world = new HostWorld();
    world.think = (_input, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          resolve({ kind: 'errored', error: new AppError('Aborted', 'stopped') });
        });
      });
    const first = world.start();
    await world.clock.advance(1_000);
    world.companion.post('hello');
    await world.clock.advance(1_000);
    await first.stop();
    expect([...world.disk.ledger.values()].map((row) => row.state)).toEqual(['claimed']);
    world.think = () => Promise.resolve(spoke('back again'));
    world.start();
    await world.clock.advance(2_000);
    expect(world.said(MAYA)).toEqual(['back again']);
  });

  it('answers what was said while her mind was still being loaded', async () => {
    const world = new HostWorld();
    world.start({
      createAdapters: () => ({
        ...idleAdapters,
        build: async (profile) => {
          await world.clock.sleep(30_000);
          return idleAdapters.build(profile);
        },
      }),
    });
    await world.clock.advance(5_000);
    world.companion.post('hello while you boot');
    await world.clock.advance(60_000);
    expect(world.said(MAYA)).toEqual(['You said: hello while you boot']);
  });

  it.each(['setReadPosition', 'advance'] as const)(
    'takes a frame up again whose turn broke off when the store failed once (%s)',
    async (failing) => {
      const world = new HostWorld();
      const stores = createMemoryStores(world.disk);
      let failures = 0;
      const once =
        <A extends unknown[], R>(isMeant: (...args: A) => boolean, call: (...args: A) => Promise<R>) =>
        (...args: A): Promise<R> => {
          if (failures > 0 || !isMeant(...args)) return call(...args);
          failures += 1;
          return Promise.reject(new AppError('StorageFailed', 'the disk is full'));
        };
      const { room, ledger } = stores;
      world.start({
        stores: {
          ...stores,
          room: {
            ...room,
            setReadPosition: once(
              (peerId) => failing === 'setReadPosition' && peerId === MAYA && world.disk.ledger.size > 0,
              (...args: Parameters<typeof room.setReadPosition>) => room.setReadPosition(...args),
            ),
          },
          ledger: {
            ...ledger,
            advance: once(
              (_peerId, _event, change) => failing === 'advance' && change.state === 'drafted',
              (...args: Parameters<typeof ledger.advance>) => ledger.advance(...args),
            ),
          },
        },
      });
      await world.clock.advance(1_000);
      world.companion.post('first');
      await world.clock.advance(10_000);
      world.companion.post('second');
      await world.clock.advance(60_000);
      expect(failures).toBe(1);
      expect(world.said(MAYA)).toEqual(['You said: first', 'You said: second']);
    },
  );

  it('is not worn down by machines that talk much between two of her turns', async () => {
    const world = new HostWorld();
    world.think = (input) => {
      const verdict = judgeTurn(input, MAYA, false);
      if (verdict.kind === 'free') return Promise.resolve(spoke('well'));
      const decision = { kind: 'silent', reason: verdict.reason } as const;
      return Promise.resolve({ kind: 'decided', decision, decidedBy: 'loop-guard' });
    };
    world.start();
    await world.clock.advance(1_000);
    for (let turn = 0; turn < 12; turn += 1) {
      for (let noise = 0; noise < 60; noise += 1)
        world.companion.post(`noise ${turn}.${noise}`, { headers: [['airc.client', 'a-bot']] });
      await world.clock.advance(200_000);
    }
    expect(world.said(MAYA).length).toBe(TURN_BUDGET);
  });
});

/** Author and headers of a line as somebody with a key says it. */
async function signed(
  name: 'Maya' | 'Joel',
  text: string,
  mid: string,
): Promise<Pick<BridgeEvent, 'peerId' | 'headers'>> {
  const [kind, role] = name === 'Maya' ? (['persona', 'helper'] as const) : (['human', 'custom'] as const);
  const { signer, seed } = standInIdentity(name, kind, role);
  const saying = {
    peerId: seed.peer_id,
    channel: STAND_IN_ROOM.channel,
    mid,
    atMs: 1,
    kind,
    name,
    role,
    text,
  };
  return { peerId: seed.peer_id, headers: [...(await signHeaders(saying, signer, deterministicVerifier))] };
}
