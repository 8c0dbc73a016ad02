import { describe, expect, it } from 'vitest';
import { HostWorld, MAYA } from '../../../shared/testing/host-world.ts';

describe('the persona host after its daemon lost something', () => {
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

  it('says again after a restart what came back from the daemon before its crash, when no acknowledgement did', async () => {
    const world = new HostWorld();
    const first = world.start();
    await world.clock.advance(1_000);
    world.companion.intercept = (method, params) =>
      method === 'publish' && (params as { kind: string }).kind === 'message' ? 'apply-but-never' : undefined;
    world.companion.post('hello');
    await world.clock.advance(1_000);
    expect(world.said(MAYA)).toHaveLength(1);
    await first.stop();
    // Her log has the line, the room has not.
    world.companion.intercept = () => undefined;
    world.companion.events = world.companion.events.filter((event) => event.peerId !== MAYA);
    world.companion.epoch += 1;
    world.start();
    // Somebody else's line is the first of the new epoch.
    world.companion.post('anybody?');
    await world.clock.advance(30_000);
    expect(world.said(MAYA)).toContain('You said: hello');
  });
});
