import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { HostWorld, MAYA } from '../../../shared/testing/host-world.ts';
import { createMemoryStores } from '../../../shared/testing/memory-node-stores.ts';
import { idleAdapters, nobodyAsleep, spoke } from '../../../shared/testing/host-stand-ins.ts';
import type { NodeView, PersonState } from '../view.ts';
import { Presenter } from './presenter.ts';
import { ViewPublisher } from './view-publisher.ts';

/** A host whose sink is the presenter, as in the product. */
function openWorld(world = new HostWorld(), loadMs = 0) {
  const publisher = new ViewPublisher(
    {
      tab: 'owner',
      connection: { state: 'connecting', attempt: 0 },
      rooms: [],
      people: [],
      lane: { chosenBecause: '' },
      models: { stored: [], downloads: [] },
      backup: { identities: 0 },
      troubles: [],
    },
    world.clock,
  );
  const asleep = new Set<string>();
  const presenter = new Presenter({
    publisher,
    store: createMemoryStores(world.disk).room,
    clock: world.clock,
    isAsleep: (peerId) => asleep.has(peerId),
    laneProgress: () => undefined,
    onIdentity: () => undefined,
  });
  const states: PersonState['kind'][] = [];
  publisher.listen((update) => {
    const { people } = update.kind === 'snapshot' ? update.view : update.patch;
    const state = people?.find((person) => person.peerId === MAYA)?.state;
    if (state && states.at(-1) !== state.kind) states.push(state.kind);
  });
  const view = (): NodeView => publisher.view;
  const maya = () => view().people.find((person) => person.peerId === MAYA);
  return {
    world,
    presenter,
    view,
    maya,
    states,
    asleep,
    ...world.start({
      sink: presenter,
      sleepers: { ...nobodyAsleep, has: (id) => asleep.has(id) },
      createAdapters: () => ({
        ...idleAdapters,
        build: async (profile) => {
          await world.clock.sleep(loadMs);
          return idleAdapters.build(profile);
        },
      }),
    }),
  };
}

describe('what the page sees', () => {
  it('goes from connecting over booting to an idle persona in her room', async () => {
    const { world, view, maya, states } = openWorld(new HostWorld(), 100);
    await world.clock.advance(1_000);
    expect(view().connection).toMatchObject({ state: 'ready', daemon: { kind: 'embedded' } });
    expect(view().rooms).toMatchObject([{ name: 'general', items: [], unread: 0 }]);
    expect(states).toEqual(['booting', 'idle']);
    expect(maya()).toMatchObject({ name: 'Maya', kind: 'persona', role: 'helper', self: false });
    expect(view().people.filter((person) => person.self)).toMatchObject([{ name: 'Robin', kind: 'human' }]);
    expect(view().troubles).toEqual([]);
  });

  it('shows a turn from reading to the line in the room', async () => {
    const { world, view, states } = openWorld();
    world.think = async () => {
      await world.clock.sleep(500);
      return spoke('hello yourself');
    };
    await world.clock.advance(1_000);
    world.companion.post('hello');
    await world.clock.advance(2_000);
    expect(states).toEqual(['idle', 'reading', 'idle']);
    expect(view().rooms[0]?.items.map((item) => [item.name, item.text, item.signature])).toEqual([
      ['peer-0d7e5c52', 'hello', 'unsigned'],
      ['Maya', 'hello yourself', 'valid'],
    ]);
    expect(view().rooms[0]?.unread).toBe(2);
    expect(view().people.map((person) => [person.name, person.kind])).toContainEqual([
      'peer-0d7e5c52',
      'human',
    ]);
  });

  it('shows that she waits for the person while the device is freed, also after sleep and a lost connection', async () => {
    const { world, host, presenter, maya, asleep, view } = openWorld();
    await world.clock.advance(1_000);
    const freed = new AppError('DeviceFreed', 'freed');
    await Promise.all([host.residence?.rest(freed), world.clock.advance(100)]);
    expect(maya()?.state).toEqual({ kind: 'waiting', waitsFor: 'you' });
    asleep.add(MAYA);
    presenter.rested(MAYA);
    expect(maya()?.state?.kind).toBe('asleep');
    asleep.delete(MAYA);
    presenter.rested(MAYA);
    world.companion.dropSockets();
    await world.clock.advance(5_000);
    expect(maya()?.state).toEqual({ kind: 'waiting', waitsFor: 'you' });
    expect(view().troubles.map(({ code }) => code)).not.toContain('DeviceFreed');
    void host.residence?.wake();
    await world.clock.advance(1_000);
    expect(maya()?.state?.kind).toBe('idle');
  });

  it('shows why she was silent, and who decided it', async () => {
    const { world, maya } = openWorld();
    world.think = () =>
      Promise.resolve({
        kind: 'decided',
        decision: { kind: 'silent', reason: 'not for me' },
        decidedBy: 'model',
      });
    await world.clock.advance(1_000);
    world.companion.post('hello');
    await world.clock.advance(1_000);
    expect(maya()?.state).toEqual({ kind: 'silent', reason: 'not for me', decidedBy: 'model' });
  });

  it('shows a failed turn with its next step, in her state and in the list', async () => {
    const { world, maya, view } = openWorld();
    world.think = () =>
      Promise.resolve({ kind: 'errored', error: new AppError('DecisionMalformed', 'no JSON') });
    await world.clock.advance(1_000);
    world.companion.post('hello');
    await world.clock.advance(1_000);
    expect(maya()?.state).toMatchObject({ kind: 'errored', trouble: { code: 'DecisionMalformed' } });
    expect(view().troubles).toMatchObject([{ code: 'DecisionMalformed', nextStep: expect.any(String) }]);
  });

  it('shows that she is at home elsewhere, once in the list, and that she came back', async () => {
    const { world, maya, view } = openWorld();
    let elsewhere = true;
    world.companion.intercept = (method) =>
      method === 'claim' && elsewhere ? new AppError('OwnerElsewhere', 'She is elsewhere.') : undefined;
    await world.clock.advance(10_000);
    expect(maya()?.state).toMatchObject({ kind: 'errored', trouble: { code: 'OwnerElsewhere' } });
    expect(view().troubles).toHaveLength(1);
    elsewhere = false;
    await world.clock.advance(5_000);
    expect(maya()?.state).toEqual({ kind: 'idle' });
  });

  it('shows a lost companion as the connection, not as a list of troubles', async () => {
    const { world, view } = openWorld();
    await world.clock.advance(1_000);
    world.companion.isUp = false;
    world.companion.dropSockets();
    await world.clock.advance(3_000);
    expect(view().connection).toMatchObject({ state: 'connecting', trouble: { code: 'BridgeDown' } });
    expect(view().troubles).toEqual([]);
  });

  it('shows that she waits while the companion or the daemon is away, also in the middle of a turn', async () => {
    const { world, maya } = openWorld();
    world.think = async () => {
      await world.clock.sleep(60_000);
      return spoke('late');
    };
    await world.clock.advance(1_000);
    world.companion.post('hello');
    await world.clock.advance(1_000);
    expect(maya()?.state).toEqual({ kind: 'reading' });
    world.companion.isUp = false;
    world.companion.dropSockets();
    await world.clock.advance(2_000);
    expect(maya()?.state).toEqual({ kind: 'waiting', waitsFor: 'companion' });
    world.companion.isUp = true;
    await world.clock.advance(10_000);
    expect(maya()?.state?.kind).not.toBe('waiting');
  });

  it('lets a sleeping persona be', async () => {
    const { world, maya, presenter, asleep } = openWorld();
    await world.clock.advance(1_000);
    asleep.add(MAYA);
    presenter.rested(MAYA);
    world.companion.post('hello');
    await world.clock.advance(2_000);
    expect(maya()?.state).toEqual({ kind: 'asleep' });
    expect(world.turns).toEqual([]);
  });
});
