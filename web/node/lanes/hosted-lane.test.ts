import { describe, expect, it } from 'vitest';
import type { LaneReport } from '../../../shared/inference/lane.ts';
import { plain, readAll } from '../../../shared/testing/lane-acceptance.ts';
import { createMemoryDisk, createMemoryStores } from '../../../shared/testing/memory-node-stores.ts';
import { createScriptedLane } from '../../../shared/testing/scripted-lane.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import type { LaneView } from '../view.ts';
import { HostedLane, UNLOAD_AFTER_MS } from './hosted-lane.ts';
import { SpeedBook } from './speed-book.ts';

async function setUp(report: Partial<LaneReport> = {}) {
  const clock = new VirtualClock();
  const lane = createScriptedLane({ clock, tokenDelayMs: 100, answer: () => 'x'.repeat(200), report });
  const changes: Partial<LaneView>[] = [];
  const at = { unloads: 0 };
  const hosted = new HostedLane(
    {
      lane,
      unload: () => {
        at.unloads += 1;
      },
      reason: 'a test',
      model: { kind: 'remembered', model: { name: 'm', sizeBytes: 1, sha256: 'm', starter: false } },
    },
    1,
    {
      clock,
      speeds: await SpeedBook.load(createMemoryStores(createMemoryDisk()).settings),
      onChange: (change) => changes.push(change),
      onTrouble: (error) => {
        throw error;
      },
    },
  );
  const think = async (): Promise<void> => {
    const answer = readAll(hosted.laneFor('maya').generate(plain('word '.repeat(100), 20)));
    await clock.advance(3_000);
    await answer;
  };
  return { clock, lane, hosted, changes, at, think };
}

describe('a lane in use', () => {
  it('gives its memory back after a quarter of an hour without a thought, and not while somebody thinks', async () => {
    const { clock, think, at, changes } = await setUp();
    await think();
    await clock.advance(UNLOAD_AFTER_MS - 2_000);
    await think();
    await clock.advance(UNLOAD_AFTER_MS - 4_000);
    expect(at.unloads).toBe(0);
    await clock.advance(4_000);
    expect([at.unloads, changes.at(-1)]).toEqual([1, { isUnloaded: true }]);
    await think();
    expect(changes.find((change) => change.isUnloaded === false)).toBeDefined();
  });

  it('has nothing to say after its end, whatever was at work in it', async () => {
    const { clock, hosted, at, changes } = await setUp();
    const answer = readAll(hosted.laneFor('maya').generate(plain('Hello', 20)));
    const outcome = expect(answer).rejects.toMatchObject({ code: 'LaneDied' });
    await clock.advance(300);
    await hosted.dispose();
    const told = changes.length;
    await outcome;
    await clock.advance(2 * UNLOAD_AFTER_MS);
    expect([at.unloads, changes.length]).toEqual([0, told]);
  });

  it('tells who is at work and who waits, and learns how fast it is', async () => {
    const { clock, hosted, changes } = await setUp();
    const answers = ['ann', 'bob'].map(async (id) => readAll(hosted.laneFor(id).generate(plain('x', 20))));
    await clock.advance(100);
    expect(changes.findLast(({ queue }) => queue)?.queue).toEqual({ running: ['ann'], waiting: ['bob'] });
    await clock.advance(10_000);
    await Promise.all(answers);
    expect(changes.findLast(({ speeds }) => speeds)?.speeds).toEqual({ decodeTokensPerSecond: 9.5 });
  });

  it.each([
    ['cpu', true],
    ['remote', false],
  ] as const)('measures with a grammar only where it is its own engine: %s', async (backend, hasGrammar) => {
    const { clock, lane, hosted } = await setUp({ backend });
    const measured = hosted.measure(new AbortController().signal);
    await clock.advance(10_000);
    await measured;
    expect(lane.requests.map(({ grammar }) => grammar !== undefined)).toEqual([hasGrammar]);
  });
});
