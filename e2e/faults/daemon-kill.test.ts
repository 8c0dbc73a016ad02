import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SocketClient } from '../../companion/airc/socket-client.ts';
import { cursorOf, ZERO_CURSOR, type AircEvent, type Cursor, type Uuid } from '../../shared/airc/model.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { SeededRandom } from '../../shared/testing/seeded-random.ts';
import { makeHome, startCompanionProcess, type CompanionProcess } from '../run/companion-process.ts';
import { killAtAnswer } from './kill-at-answer.ts';
import { lineOf, RoomWriters, type Promised } from './room-writers.ts';
import { expectInOrder, missingFrom, readInbox } from './transcript.ts';

/** The full count is `npm run soak`'s. Together they stay below what a room keeps. */
const ROUNDS = process.env['SOAK'] === 'full' ? 200 : 20;
const WRITERS = 8;
const SEED = 20_261_125;
/** A round is mostly the start of a companion: about a second, more on a busy machine. */
const WITHIN_MS = 60_000 + ROUNDS * 15_000;

let home: string;
let remove: () => Promise<void>;
let companion: CompanionProcess;
let channel: Uuid;
let socketPath: string;
let connection: SocketClient;

beforeAll(async () => {
  ({ home, remove } = await makeHome());
  companion = await startCompanionProcess(home);
  const { daemon, rooms } = await companion.status();
  channel = rooms[0]?.channel ?? '';
  ({ socketPath } = daemon);
  connection = new SocketClient({ path: socketPath, clock: systemClock, log: silentLogger });
}, 120_000);
afterAll(async () => {
  await companion.kill();
  await remove();
});

describe(`kill -9 of the companion under ${WRITERS} writers`, () => {
  it(
    `loses nothing that was acknowledged, in ${ROUNDS} rounds`,
    async () => {
      const random = new SeededRandom(SEED);
      const transcript: AircEvent[] = [];
      let tip: Cursor = ZERO_CURSOR;
      let acknowledged = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const promised = await writeUntilKilled(`round ${round}`, random);
        companion = await startCompanionProcess(home);
        const found = await readInbox(connection, channel, tip);

        expect(missingFrom(found, promised), `lost in round ${round}`).toEqual([]);
        expectInOrder(found);
        // What was on its way may be there or not, but never more than each writer's one.
        expect(found.length - promised.length).toBeLessThanOrEqual(WRITERS);
        // All of one life, which is after the one before.
        expect(new Set(found.map((event) => event.epoch)).size).toBe(1);
        expect(found[0]?.epoch).toBeGreaterThan(tip.epoch);

        transcript.push(...found);
        acknowledged += promised.length;
        tip = cursorOf(found.at(-1) ?? tip);
        expect(await connection.roomTip(channel)).toEqual(tip);
      }
      // And no later crash took away what an earlier one had left.
      const whole = await readInbox(connection, channel, ZERO_CURSOR);
      // `toEqual` takes seconds for so many bytes.
      expect(isDeepStrictEqual(whole, transcript), 'the room as it was').toBe(true);
      expectInOrder(transcript);
      const unanswered = transcript.length - acknowledged;
      console.info(
        `daemon-kill: ${ROUNDS} rounds, ${acknowledged} acknowledged, 0 lost, ${unanswered} kept unanswered`,
      );
    },
    WITHIN_MS,
  );
});

/** Kills under the writers: mostly at the very moment at which one more acknowledgement arrives, else at any. */
async function writeUntilKilled(name: string, random: SeededRandom): Promise<Promised[]> {
  const writers = new RoomWriters({ connection, channel, name, count: WRITERS });
  const promised = writers.acknowledged;
  await writers.reached(random.between(40, 200));
  let killed: Promise<unknown> = Promise.resolve();
  const kill = (): void => {
    killed = companion.kill();
  };
  if (random.chance(0.75)) {
    const { text, request } = lineOf(channel, `${name}, the last line`);
    const receipt = await killAtAnswer(
      socketPath,
      { op: 'publish', target: { kind: 'all' }, ...request },
      kill,
    );
    promised.push({ text, receipt });
  } else {
    await systemClock.sleep(random.between(0, 5));
    kill();
  }
  await killed;
  await writers.ended;
  return promised;
}
