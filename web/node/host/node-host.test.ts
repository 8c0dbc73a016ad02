import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import type { DeviceLossRemedy } from '../boot/adapter-factory.ts';
import { HostWorld, MAYA } from '../../../shared/testing/host-world.ts';
import { idleAdapters, spoke } from '../../../shared/testing/host-stand-ins.ts';
import { createMemoryStores } from '../../../shared/testing/memory-node-stores.ts';
import { replyMid } from '../serve/reply-mid.ts';
import { Sleepers } from './sleepers.ts';

describe('the persona host', () => {
  it('boots a helper who answers a question once, signed, under the id fixed by its trigger', async () => {
    const world = new HostWorld();
    world.start();
    await world.clock.advance(1_000);
    expect(world.sink.summary).toMatchObject({ planned: 1, hosted: 1, failures: [], tierId: 'cpu_threads' });
    const question = world.companion.post('hello');
    await world.clock.advance(1_000);
    expect(world.said(MAYA)).toEqual(['You said: hello']);
    const answer = world.companion.events.find((event) => event.peerId === MAYA && event.kind === 'message');
    const headers = new Map(answer?.headers);
    expect(headers.get('x-persona.mid')).toBe(replyMid(MAYA, question.eventId));
    expect(headers.get('x-persona.name')).toBe('Maya');
    await world.clock.advance(60_000);
    expect(world.said(MAYA)).toHaveLength(1);
  });

  it('does not answer what was said before she was born, but has it as history', async () => {
    const world = new HostWorld();
    world.companion.post('old news');
    world.start();
    await world.clock.advance(1_000);
    expect(world.said(MAYA)).toEqual([]);
    world.companion.post('hello');
    await world.clock.advance(1_000);
    expect(world.turns).toHaveLength(1);
    expect(world.turns[0]?.history.map((line) => line.text)).toEqual(['old news']);
    expect(world.turns[0]?.trigger.text).toBe('hello');
  });

  it('answers a burst once: the newest line that names her is the trigger, all are in the context', async () => {
    const world = new HostWorld();
    world.start();
    await world.clock.advance(1_000);
    world.companion.post('one');
    world.companion.post('Maya, two?');
    world.companion.post('three');
    await world.clock.advance(2_000);
    expect(world.turns).toHaveLength(1);
    expect(world.turns[0]?.trigger.text).toBe('Maya, two?');
    expect(world.turns[0]?.history.map((line) => line.text)).toEqual(['one', 'three']);
    expect(world.turns[0]?.coveredEventIds).toHaveLength(2);
  });

  it('stops the turn under way when she is put to sleep, says nothing, and answers again once she is woken', async () => {
    const world = new HostWorld();
    const sleepers = await Sleepers.load(createMemoryStores(world.disk).settings);
    let stopped = 0;
    world.think = (_input, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          stopped += 1;
          resolve({ kind: 'errored', error: new AppError('Aborted', 'stopped') });
        });
      });
    world.start({ sleepers });
    await world.clock.advance(1_000);
    world.companion.post('a long question');
    await world.clock.advance(1_000);
    await sleepers.set(MAYA, true);
    await world.clock.advance(1_000);
    expect(stopped).toBe(1);
    expect([...world.disk.ledger.values()].map(({ state }) => state)).toEqual(['silent']);
    world.companion.post('said while she sleeps');
    await world.clock.advance(1_000);
    world.think = (input) => Promise.resolve(spoke(`re ${input.trigger.text}`));
    await sleepers.set(MAYA, false);
    world.companion.post('awake?');
    await world.clock.advance(1_000);
    expect(world.said(MAYA)).toEqual(['re awake?']);
  });

  it('gathers what arrives while she thinks into the next turn', async () => {
    const world = new HostWorld();
    world.think = async (input) => {
      await world.clock.sleep(5_000);
      return spoke(`re ${input.trigger.text}`);
    };
    world.start();
    await world.clock.advance(1_000);
    world.companion.post('first');
    await world.clock.advance(1_000);
    world.companion.post('second');
    await world.clock.advance(1_000);
    world.companion.post('third');
    await world.clock.advance(20_000);
    expect(world.said(MAYA)).toEqual(['re first', 're third']);
    // What she said meanwhile stands after the lines that waited, and is in the next turn all the same.
    expect(world.turns[1]?.history.map((line) => line.text)).toEqual(['first', 'second', 're first']);
  });

  it('reads from the inbox what the live stream skipped', async () => {
    const world = new HostWorld();
    world.start();
    await world.clock.advance(1_000);
    world.companion.pushes = () => false;
    world.companion.post('are you there?');
    await world.clock.advance(20_000);
    expect(world.said(MAYA)).toEqual(['You said: are you there?']);
  });

  it('thinks again, once, when the way to the engine broke under a turn', async () => {
    const world = new HostWorld();
    world.think = (input) =>
      Promise.resolve(
        world.turns.length === 1
          ? { kind: 'errored', error: new AppError('LaneDied', 'The engine stopped.') }
          : spoke(`again: ${input.trigger.text}`),
      );
    world.start();
    await world.clock.advance(1_000);
    world.companion.post('hello');
    await world.clock.advance(2_000);
    expect(world.said(MAYA)).toEqual(['again: hello']);
  });

  it('finishes a turn once, with what takes over, when the GPU goes away twice under it', async () => {
    const world = new HostWorld();
    const told = new AppError('DeviceLost', 'twice');
    const remedies: DeviceLossRemedy[] = [{ kind: 'again' }, { kind: 'move', told }];
    let closed = 0;
    world.think = (input) =>
      Promise.resolve(
        closed === 0
          ? { kind: 'errored', error: new AppError('DeviceLost', 'The GPU went away.') }
          : spoke(`from there: ${input.trigger.text}`),
      );
    world.start({
      createAdapters: () => ({
        ...idleAdapters,
        onDeviceLost: () => remedies.shift() ?? { kind: 'again' },
        close: () => {
          closed += 1;
          return Promise.resolve();
        },
      }),
    });
    await world.clock.advance(1_000);
    world.companion.post('hello');
    await world.clock.advance(5_000);
    expect(world.turns).toHaveLength(3);
    expect(world.said(MAYA)).toEqual(['from there: hello']);
    expect(world.sink.troubles).toEqual([told]);
  });

  it('stops for good, by name, when nothing takes over, and finishes the turn when she is hosted again', async () => {
    const world = new HostWorld();
    const told = new AppError('DeviceLost', 'twice');
    let isLost = true;
    world.think = (input) =>
      Promise.resolve(
        isLost
          ? { kind: 'errored', error: new AppError('DeviceLost', 'The GPU went away.') }
          : spoke(`late: ${input.trigger.text}`),
      );
    const { host } = world.start({
      createAdapters: () => ({ ...idleAdapters, onDeviceLost: () => ({ kind: 'stop', told }) }),
    });
    await world.clock.advance(1_000);
    world.companion.post('hello');
    await world.clock.advance(5_000);
    expect(world.sink.unattendedBecause).toEqual([told]);
    world.companion.post('anybody?');
    await world.clock.advance(60_000);
    expect([world.turns.length, world.said(MAYA)]).toEqual([1, []]);
    isLost = false;
    void host.residence?.rehost(() => Promise.resolve());
    await world.clock.advance(5_000);
    expect(world.said(MAYA)).toEqual(['late: hello', 'late: anybody?']);
  });

  it('reports an errored turn, says nothing, and answers the next one', async () => {
    const world = new HostWorld();
    world.think = (input) =>
      Promise.resolve(
        input.trigger.text === 'bad'
          ? { kind: 'errored', error: new AppError('DecisionMalformed', 'no JSON') }
          : spoke('fine'),
      );
    world.start();
    await world.clock.advance(1_000);
    world.companion.post('bad');
    await world.clock.advance(2_000);
    expect(world.said(MAYA)).toEqual([]);
    expect(world.sink.serveNews.at(-1)).toMatchObject({
      end: { kind: 'errored', error: { code: 'DecisionMalformed' } },
    });
    world.companion.post('good');
    await world.clock.advance(2_000);
    expect(world.said(MAYA)).toEqual(['fine']);
  });

  it('keeps an unhosted persona visible with the reason, and hosts her when the cause is gone', async () => {
    const world = new HostWorld();
    let broken = true;
    world.start({
      createAdapters: () => ({
        ...idleAdapters,
        build: (profile) =>
          broken ? Promise.reject(new AppError('LaneStartFailed', 'no engine')) : idleAdapters.build(profile),
      }),
    });
    await world.clock.advance(1_000);
    expect(world.sink.summary).toMatchObject({
      planned: 1,
      hosted: 0,
      failures: [
        {
          slotIndex: 0,
          role: 'helper',
          personaId: MAYA,
          stage: 'adapter',
          error: { code: 'LaneStartFailed' },
        },
      ],
    });
    broken = false;
    world.companion.dropSockets();
    await world.clock.advance(3_000);
    world.companion.post('hello');
    await world.clock.advance(2_000);
    expect(world.said(MAYA)).toEqual(['You said: hello']);
  });

  it('hosts her when somebody speaks and her server is back, and asks no other engine for that', async () => {
    for (const [code, said] of [
      ['EndpointUnreachable', ['You said: are you there?']],
      ['EndpointMalformed', ['You said: are you there?']],
      ['LaneStartFailed', []],
    ] as const) {
      const world = new HostWorld();
      let isAway = true;
      world.start({
        createAdapters: () => ({
          ...idleAdapters,
          build: (profile) =>
            isAway ? Promise.reject(new AppError(code, 'away')) : idleAdapters.build(profile),
        }),
      });
      await world.clock.advance(5_000);
      isAway = false;
      world.companion.post('are you there?');
      await world.clock.advance(5_000);
      expect(world.said(MAYA)).toEqual(said);
    }
  });

  it('leaves durable marks of presence at birth and on leaving only', async () => {
    const world = new HostWorld();
    const first = world.start();
    await world.clock.advance(5 * 60_000);
    await first.stop();
    const second = world.start();
    await world.clock.advance(5 * 60_000);
    await second.stop();
    const marks = world.companion.events
      .filter((event) => event.peerId === MAYA && event.kind === 'event')
      .map((event) => new Map(event.headers).get('airc.heartbeat.kind'));
    expect(marks).toEqual(['alive', 'leaving', 'leaving']);
  });
});
