import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { idleAdapters, idleLane, spoke } from '../../../shared/testing/host-stand-ins.ts';
import { HostWorld, MAYA } from '../../../shared/testing/host-world.ts';
import type { TurnInput } from '../../brain/turn.ts';

function setUp() {
  const world = new HostWorld();
  const primed: TurnInput[] = [];
  const stopped: TurnInput[] = [];
  const createCognition = () => ({
    prime: async (input: TurnInput, signal: AbortSignal) => {
      primed.push(input);
      await world.clock.sleep(60_000, signal).catch(() => stopped.push(input));
    },
    think: async (input: TurnInput) => spoke(`re ${input.trigger.text}`),
  });
  return { world, primed, stopped, createCognition };
}

describe('reading the room before anybody asks', () => {
  it('is done once she is at home, with what stands in the room', async () => {
    const { world, primed, createCognition } = setUp();
    world.companion.post('old news');
    world.start({ createCognition });
    await world.clock.advance(1_000);
    expect(primed).toHaveLength(1);
    expect(primed[0]?.history.map(({ text }) => text)).toEqual(['old news']);
    expect(primed[0]?.trigger.text).toBe('');
  });

  it('gives way at once to whoever asks', async () => {
    const { world, stopped, createCognition } = setUp();
    world.start({ createCognition });
    await world.clock.advance(1_000);
    expect(stopped).toHaveLength(0);
    world.companion.post('hello');
    await world.clock.advance(1_000);
    expect([stopped.length, world.said(MAYA)]).toEqual([1, ['re hello']]);
  });

  it('sends nothing to another program that nobody has asked for', async () => {
    const { world, primed, createCognition } = setUp();
    const remote = { ...idleLane, report: { ...idleLane.report, backend: 'remote' as const } };
    world.start({
      createCognition,
      createAdapters: () => ({ ...idleAdapters, build: () => Promise.resolve(remote) }),
    });
    await world.clock.advance(1_000);
    expect(primed).toEqual([]);
  });

  it('is left out for her who sleeps', async () => {
    const { world, primed, createCognition } = setUp();
    const sleepers = { has: () => true, changes: { subscribe: () => () => undefined } };
    world.start({ createCognition, sleepers });
    await world.clock.advance(1_000);
    expect(primed).toEqual([]);
  });
});

describe('at rest', () => {
  it.each(['DeviceFreed', 'DeviceLost'] as const)('a new connection wakes nobody: %s', async (code) => {
    const { world, createCognition } = setUp();
    let rests = 0;
    const { host } = world.start({
      createCognition,
      createAdapters: () => ({
        ...idleAdapters,
        rest: () => {
          rests += 1;
          return Promise.resolve();
        },
      }),
    });
    await world.clock.advance(1_000);
    await Promise.all([host.residence?.rest(new AppError(code, 'at rest')), world.clock.advance(100)]);
    world.companion.post('anybody?');
    world.companion.dropSockets();
    await world.clock.advance(20_000);
    expect([rests, world.said(MAYA)]).toEqual([1, []]);
    void host.residence?.wake();
    await world.clock.advance(2_000);
    expect(world.said(MAYA)).toEqual(['re anybody?']);
  });
});
