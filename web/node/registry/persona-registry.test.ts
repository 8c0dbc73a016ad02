import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { silentLogger } from '../../../shared/log.ts';
import { standInIdentity } from '../../../shared/testing/host-stand-ins.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import type { CitizenRuntime } from '../citizen/citizen-runtime.ts';
import { createServeOutcome } from '../serve/serve-outcome.ts';
import { PersonaRegistry } from './persona-registry.ts';
import { startService, type ServiceHandle } from './service-handle.ts';

function setUp() {
  const clock = new VirtualClock();
  const registry = new PersonaRegistry(clock, silentLogger);
  const stops: string[] = [];
  const identity = standInIdentity('Maya', 'persona', 'helper');
  const peerId = identity.seed.peer_id;
  // The registry touches nothing of a runtime but its id and its end.
  const runtime = {
    identity,
    citizen: { peerId },
    stop: () => {
      stops.push('citizen');
      return Promise.resolve();
    },
  } as unknown as CitizenRuntime;
  const loop = (): ServiceHandle => {
    const outcome = createServeOutcome();
    return startService(
      outcome,
      (signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            stops.push('loop');
            resolve(outcome);
          });
        }),
    );
  };
  return { clock, registry, runtime, peerId, stops, loop };
}

describe('PersonaRegistry', () => {
  it('refuses a second registration of one peer', () => {
    const { registry, runtime } = setUp();
    expect(registry.register(runtime)).toBe(true);
    expect(registry.register(runtime)).toBe(false);
    expect(registry.ids()).toHaveLength(1);
  });

  it('gives the handle back, alive, when there is no slot', async () => {
    const { registry, peerId, loop } = setUp();
    const handle = loop();
    expect(await registry.attach(peerId, handle)).toEqual({ ok: false, handle, reason: 'no slot' });
    expect(handle.finished).toBe(false);
  });

  it('gives the second handle back when one is attached already', async () => {
    const { registry, runtime, peerId, loop } = setUp();
    registry.register(runtime);
    expect(registry.isServiceLoopFinished(peerId)).toBeUndefined();
    expect(await registry.attach(peerId, loop())).toEqual({ ok: true });
    const second = loop();
    expect(await registry.attach(peerId, second)).toEqual({
      ok: false,
      handle: second,
      reason: 'already attached',
    });
    expect(registry.isServiceLoopFinished(peerId)).toBe(false);
  });

  it('gives the handle back when the slot is removed while it attaches', async () => {
    const { registry, runtime, peerId, loop } = setUp();
    registry.register(runtime);
    const gone = registry.shutdownSlot(peerId);
    const handle = loop();
    const attached = registry.attach(peerId, handle);
    await gone;
    expect(await attached).toEqual({ ok: false, handle, reason: 'slot removed' });
  });

  it('shuts down in order: the loop first, then the citizen; the loser of two calls gets nothing', async () => {
    const { registry, runtime, peerId, loop, stops } = setUp();
    registry.register(runtime);
    await registry.attach(peerId, loop());
    const results = await Promise.all([registry.shutdownSlot(peerId), registry.shutdownSlot(peerId)]);
    expect(results).toEqual([runtime, undefined]);
    expect(stops).toEqual(['loop', 'citizen']);
    expect(await registry.shutdownSlot(peerId)).toBeUndefined();
    expect(registry.ids()).toEqual([]);
  });

  it('shuts down a slot that never had a loop', async () => {
    const { registry, runtime, peerId, stops } = setUp();
    registry.register(runtime);
    registry.markUnattended(peerId, new AppError('LaneStartFailed', 'no engine'));
    expect(registry.unattendedBecause(peerId)?.code).toBe('LaneStartFailed');
    expect(await registry.shutdownSlot(peerId)).toBe(runtime);
    expect(stops).toEqual(['citizen']);
  });

  it('does not wait for ever for a loop that does not end', async () => {
    const { clock, registry, runtime, peerId } = setUp();
    registry.register(runtime);
    await registry.attach(
      peerId,
      startService(createServeOutcome(), () => new Promise(() => undefined)),
    );
    let done = false;
    void registry.shutdownSlot(peerId).then(() => (done = true));
    await clock.advance(4_000);
    expect(done).toBe(false);
    await clock.advance(2_000);
    expect(done).toBe(true);
  });

  it('tells a loop that broke as a value', async () => {
    const handle = startService(createServeOutcome(), () =>
      Promise.reject(new AppError('Internal', 'broke')),
    );
    expect(await handle.ended).toMatchObject({ kind: 'failed', error: { code: 'Internal' } });
    expect(handle.finished).toBe(true);
  });
});
