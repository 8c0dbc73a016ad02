import { describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { chunkStream } from '../../../shared/inference/chunk-stream.ts';
import type { GenerateChunk, GenerateResult } from '../../../shared/inference/generate.ts';
import type { InferenceLane } from '../../../shared/inference/lane.ts';
import { plain, readAll } from '../../../shared/testing/lane-acceptance.ts';
import { createScriptedLane } from '../../../shared/testing/scripted-lane.ts';
import { VirtualClock } from '../../../shared/testing/virtual-clock.ts';
import { DeviceQueue } from './device-queue.ts';
import { queuedLane } from './queued-lane.ts';
import type { Speeds } from '../../../shared/inference/speeds.ts';

function setUp({ tokenDelayMs = 100, speeds = {} as Speeds } = {}) {
  const clock = new VirtualClock();
  const scripted = createScriptedLane({ clock, tokenDelayMs, answer: () => 'x'.repeat(400) });
  const queue = new DeviceQueue({ slots: 1, clock, onChange: () => undefined });
  const results: GenerateResult[] = [];
  const laneOf = (personaId: string): InferenceLane =>
    queuedLane(
      { lane: scripted, queue, clock, speeds: () => speeds, onResult: (result) => results.push(result) },
      personaId,
    );
  return { clock, scripted, queue, results, laneOf };
}

describe('a lane in turn', () => {
  it('tells who waits how many are before her, and lets others in between', async () => {
    const { clock, laneOf, scripted, results } = setUp();
    const [ann, bob] = [laneOf('ann'), laneOf('bob')];
    const running = [ann, ann, bob].map(async (lane) => readAll(lane.generate(plain('Hello', 10))));
    await clock.advance(60_000);
    const [, second, other] = await Promise.all(running);
    const places = (chunks: readonly GenerateChunk[] = []): number[] =>
      chunks.flatMap((chunk) => (chunk.kind === 'queued' ? [chunk.ahead] : []));
    expect(places(other)).toEqual([1]);
    expect(places(second)).toEqual([1, 2, 1]);
    expect([scripted.mostRunning, results.length]).toEqual([1, 3]);
  });

  it('gives the place back when she stops, waiting or not', async () => {
    const { clock, laneOf, queue } = setUp();
    const [first, second] = [laneOf('ann'), laneOf('bob')].map((lane) => lane.generate(plain('Hello', 10)));
    await clock.advance(150);
    await second?.cancel();
    expect(queue.state).toEqual({ running: ['ann'], waiting: [] });
    await first?.cancel();
    await clock.advance(0);
    expect(queue.state).toEqual({ running: [], waiting: [] });
  });

  it('ends by name what takes three times as long as it should, waiting not counted', async () => {
    const speeds = { prefillTokensPerSecond: 2_048, decodeTokensPerSecond: 10 };
    const { clock, laneOf, scripted } = setUp({ tokenDelayMs: 1_000, speeds });
    const outcomes = [laneOf('ann'), laneOf('bob')].map(async (lane) =>
      readAll(lane.generate(plain('Hello', 90))).catch((error: AppError) => error.code),
    );
    // Three times one second for the prompt and nine for the answer, and five.
    await clock.advance(34_999);
    expect(scripted.aborted).toBe(0);
    await clock.advance(1);
    expect(scripted.aborted).toBe(1);
    await clock.advance(35_000);
    expect(await Promise.all(outcomes)).toEqual(['TurnDeadlineExceeded', 'TurnDeadlineExceeded']);
  });

  it('does not count the time behind somebody else in the same engine', async () => {
    const { clock, scripted, queue } = setUp();
    const crowded: InferenceLane = {
      ...scripted,
      report: scripted.report,
      generate: (_request, signal) =>
        chunkStream(async (push, inner) => {
          push({ kind: 'queued', ahead: 1 });
          await clock.sleep(60_000, inner);
          push({ kind: 'delta', text: 'here' });
          await clock.sleep(29_000, inner);
        }, signal),
    };
    const speeds = { prefillTokensPerSecond: 10_000, decodeTokensPerSecond: 1_000 };
    const deps = { lane: crowded, queue, clock, speeds: () => speeds, onResult: () => undefined };
    const answer = readAll(queuedLane(deps, 'ann').generate(plain('Hello', 4)));
    await clock.advance(90_000);
    expect((await answer).map(({ kind }) => kind)).toEqual(['queued', 'delta']);
  });

  it('leaves a turn alone while nobody knows how fast the model is', async () => {
    const { clock, laneOf } = setUp({ tokenDelayMs: 1_000 });
    const answer = readAll(laneOf('ann').generate(plain('Hello', 90)));
    await clock.advance(100_000);
    expect((await answer).at(-1)?.kind).toBe('done');
  });

  it('hands on what the lane fails with', async () => {
    const { laneOf, scripted } = setUp();
    await scripted.dispose();
    await expect(readAll(laneOf('ann').generate(plain('Hello', 4)))).rejects.toMatchObject({
      code: 'LaneDied',
    });
    await expect(laneOf('ann').countPromptTokens([])).rejects.toBeInstanceOf(AppError);
  });
});
