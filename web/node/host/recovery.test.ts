import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { signHeaders } from '../../../shared/persona/signed-headers.ts';
import { deterministicVerifier } from '../../../shared/testing/deterministic-crypto.ts';
import { HostWorld, MAYA } from '../../../shared/testing/host-world.ts';
import { spoke, standInIdentity } from '../../../shared/testing/host-stand-ins.ts';
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

  it('says again what the daemon acknowledged and lost, under the same id, and answers nothing twice', async () => {
    const world = new HostWorld();
    world.start();
    await world.clock.advance(1_000);
    const question = world.companion.post('hello');
    await world.clock.advance(1_000);
    expect(world.said(MAYA)).toHaveLength(1);
    // A crash: the tail is gone, the next start counts a new epoch.
    world.companion.events = world.companion.events.slice(0, 1 + world.companion.events.indexOf(question));
    world.companion.epoch += 1;
    world.companion.dropSockets();
    await world.clock.advance(30_000);
    expect(world.said(MAYA)).toEqual(['You said: hello']);
    expect(world.turns).toHaveLength(1);
  });

  it('tells that the store was replaced, and goes on', async () => {
    const world = new HostWorld();
    world.start();
    world.companion.post('before');
    await world.clock.advance(1_000);
    world.companion.events = [];
    world.companion.epoch = 1;
    world.companion.dropSockets();
    await world.clock.advance(5_000);
    expect(world.sink.troubles.map((error) => error.code)).toContain('RoomStoreReplaced');
    world.companion.post('after');
    await world.clock.advance(2_000);
    expect(world.said(MAYA)).toEqual(['You said: after']);
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
    const { signer, seed } = standInIdentity('Maya', 'persona', 'helper');
    const text = 'answered at the other home';
    const saying = {
      peerId: MAYA,
      channel: answered.channel,
      mid: replyMid(MAYA, answered.eventId),
      atMs: 1,
      kind: seed.kind,
      name: seed.agent_name,
      role: seed.role,
      text,
    };
    const headers = [...(await signHeaders(saying, signer, deterministicVerifier))];
    world.companion.post(text, { peerId: MAYA, headers });
    world.companion.post('for you');
    elsewhere = false;
    await world.clock.advance(5_000);
    expect(world.said(MAYA)).toEqual([text, 'You said: for you']);
    expect(world.turns).toHaveLength(1);
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
});
