import { expose } from 'comlink';
import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import { laneAcceptance, plain, readAll, resultOf } from '../../../shared/testing/lane-acceptance.ts';
import {
  createScriptedLane,
  type ScriptedLane,
  type ScriptedLaneOptions,
} from '../../../shared/testing/scripted-lane.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import type { FileSource } from '../models/model-source.ts';
import { openWorkerLane } from './worker-lane.ts';
import { createWorkerLaneService, type OpenModel } from './worker-lane-service.ts';
import type { WorkerHandle } from '../worker-seam.ts';

const MODEL = { name: 'm.gguf', sizeBytes: 1, sha256: 'ab', starter: false };
const FILE: FileSource = { kind: 'file', file: new File(['x'], 'm.gguf') };

/** Workers that are message channels with the real service behind them, and Web Locks kept by hand. */
function stage(
  options: {
    readonly open?: OpenModel;
    readonly engine?: Partial<ScriptedLaneOptions>;
    readonly mute?: boolean;
    readonly clock?: Clock;
  } = {},
) {
  const sources: FileSource[] = [];
  const workers: { terminate(): void; fail(message: string): void }[] = [];
  const waiters = new Map<string, () => void>();
  const locks = {
    request: ((name: string, lock: { signal: AbortSignal }, granted: () => void) =>
      new Promise<void>((_resolve, reject) => {
        waiters.set(name, granted);
        lock.signal.addEventListener('abort', () => {
          waiters.delete(name);
          reject(new DOMException('withdrawn', 'AbortError'));
        });
      })) as LockManager['request'],
  };
  const engines: ScriptedLane[] = [];
  const open: OpenModel = async (opening) => {
    if (opening.engine === 'gguf') sources.push(opening.source);
    const lane = createScriptedLane({ clock: systemClock, tokenDelayMs: 1, ...options.engine });
    engines.push(lane);
    return { lane, model: MODEL };
  };
  const spawn = (): WorkerHandle => {
    const { port1, port2 } = new MessageChannel();
    const errors = new EventTarget();
    let held: string | undefined;
    const hold = async (name: string): Promise<void> => {
      held = name;
    };
    port2.start();
    port1.start();
    if (!options.mute) expose(createWorkerLaneService(options.open ?? open, hold), port2);
    const terminate = (): void => {
      port2.close();
      port1.close();
      const onDeath = waiters.get(held ?? '');
      // The browser grants the lock a moment after the realm is gone.
      setTimeout(() => onDeath?.(), 5);
    };
    workers.push({
      terminate,
      fail: (message) => errors.dispatchEvent(Object.assign(new Event('error'), { message })),
    });
    return {
      postMessage: (message, transfer) => {
        port1.postMessage(message, transfer ?? []);
      },
      addEventListener: (type, listener) => {
        (type === 'error' ? errors : port1).addEventListener(type, listener);
      },
      removeEventListener: (type, listener) => {
        (type === 'error' ? errors : port1).removeEventListener(type, listener);
      },
      terminate,
    };
  };
  let lastLock = 0;
  const deps = {
    spawn,
    clock: options.clock ?? systemClock,
    locks,
    newLockName: () => `lock-${++lastLock}`,
  };
  const openLane = (signal = new AbortController().signal) =>
    openWorkerLane(deps, { engine: 'gguf', source: FILE, threads: 1 }, () => undefined, signal);
  return { openLane, workers, sources, engines };
}

describe('lane behind a worker: acceptance', () => {
  const { openLane, workers } = stage();
  const cases = laneAcceptance({
    open: async () => (await openLane()).lane,
    kill: () => workers.at(-1)?.terminate(),
    embeds: true,
    takesAdapters: false,
    followsGrammar: false,
    longAnswerTokens: 8,
  });
  it.each(cases.map((one) => [one.name, one] as const))('%s', (_name, laneCase) => laneCase.run());
});

describe('lane behind a worker', () => {
  it('opens again from what this browser keeps, once for all callers', async () => {
    const { openLane, workers, sources } = stage();
    const { lane, model } = await openLane();
    workers[0]?.terminate();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.all([1, 2, 3].map(async () => readAll(lane.generate(plain('x', 4)))));
    expect(sources.map(({ kind }) => kind)).toEqual(['file', 'remembered']);
    expect(sources[1]).toEqual({ kind: 'remembered', model });
    await lane.dispose();
  });

  it('stops the engine when a reader leaves, and a call when its caller does', async () => {
    const { openLane, engines } = stage({ engine: { answer: () => 'a word '.repeat(5_000) } });
    const { lane } = await openLane();
    for await (const chunk of lane.generate(plain('x', 8_000))) if (chunk.kind === 'delta') break;
    await expect.poll(() => engines[0]?.aborted).toBe(1);
    const aborter = new AbortController();
    const waiting = readAll(lane.generate(plain('x', 8_000), aborter.signal));
    await expect.poll(() => engines[0]?.running).toBe(1);
    aborter.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'Aborted' });
    await expect.poll(() => engines[0]?.aborted).toBe(2);
    await lane.dispose();
  });

  it('takes an error event of the worker as its death', async () => {
    const { openLane, workers } = stage();
    const { lane } = await openLane();
    const call = readAll(lane.generate(plain('x', 400)));
    workers[0]?.fail('out of memory');
    await expect(call).rejects.toMatchObject({ code: 'LaneDied' });
    expect(resultOf(await readAll(lane.generate(plain('x', 4)))).completionTokens).toBe(4);
    expect(workers).toHaveLength(2);
    await lane.dispose();
  });

  it('passes on why a model was refused, and ends the worker', async () => {
    const { openLane } = stage({
      open: () => Promise.reject(new AppError('ModelNotGguf', 'not one', { detail: 'xyz' })),
    });
    await expect(openLane()).rejects.toMatchObject({
      code: 'ModelNotGguf',
      message: 'not one',
      detail: 'xyz',
    });
  });

  it('names a worker that does not start', async () => {
    const clock = new VirtualClock();
    const { openLane } = stage({ mute: true, clock });
    const outcome = expect(openLane()).rejects.toMatchObject({ code: 'LaneStartFailed' });
    await clock.advance(20_000);
    await outcome;
  });

  it('stops opening on abort', async () => {
    const { openLane } = stage({
      open: (_options, _onProgress, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(new AppError('Aborted', 'stopped'));
          });
        }),
    });
    const aborter = new AbortController();
    const outcome = expect(openLane(aborter.signal)).rejects.toMatchObject({ code: 'Aborted' });
    setTimeout(() => {
      aborter.abort();
    }, 10);
    await outcome;
  });
});
