import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SocketClient } from '../../companion/airc/socket-client.ts';
import type { AttachStart } from '../../shared/airc/connection.ts';
import { ZERO_CURSOR, type AircEvent, type Uuid } from '../../shared/airc/model.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { systemRandom, uuidV4 } from '../../shared/random.ts';
import { makeHome, startCompanionProcess, type CompanionProcess } from '../run/companion-process.ts';
import { RoomWriters } from './room-writers.ts';
import { expectInOrder, missingFrom, readInbox, textOf } from './transcript.ts';

/** The full count is `npm run soak`'s. */
const ROUNDS = process.env['SOAK'] === 'full' ? 20 : 1;
const WRITERS = 8;
const LINES = 400;
const TOTAL = WRITERS * LINES;
const LAST = 'the last line';
/** Every publish waits for the disk: seconds for all of them, many times that where others use it too. */
const READ_WITHIN_MS = 120_000;
const WITHIN_MS = READ_WITHIN_MS + 30_000;

let remove: () => Promise<void>;
let companion: CompanionProcess;
let connection: SocketClient;
let channel: Uuid;

beforeAll(async () => {
  const made = await makeHome();
  remove = made.remove;
  companion = await startCompanionProcess(made.home);
  const { socketPath } = (await companion.status()).daemon;
  connection = new SocketClient({ path: socketPath, clock: systemClock, log: silentLogger });
}, 120_000);
afterAll(async () => {
  await companion.stop();
  await remove();
});
beforeEach(() => {
  channel = uuidV4(systemRandom);
});

describe(
  `${WRITERS} × ${LINES} concurrent publishes to the companion's daemon`,
  { timeout: WITHIN_MS },
  () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      it(`reach a live reader once and in order (${round})`, async () => {
        const heard = readToTheLast(await attach({ from: 'now' }));
        await writeAll(startWriters());
        await expectWhole(await heard);
      });

      it(`reach a reader that comes in the middle, with what was before (${round})`, async () => {
        const writers = startWriters();
        await writers.reached(TOTAL / 2);
        const heard = readToTheLast(await attach({ from: 'beginning' }));
        await writeAll(writers);
        await expectWhole(await heard);
      });

      it(`wait for a reader that pauses, and hold nobody else up for it (${round})`, async () => {
        // Nothing is read: the socket fills up, then the daemon's queue for it; the rest has to come from the store.
        const paused = await attach({ from: 'now' });
        const heard = readToTheLast(await attach({ from: 'now' }));
        await writeAll(startWriters());
        await expectWhole(await heard);
        await expectWhole(await readToTheLast(paused));
      });
    }
  },
);

function attach(start: AttachStart): Promise<AsyncIterable<AircEvent>> {
  return connection.attach({ channel, start }, AbortSignal.timeout(READ_WITHIN_MS));
}

function startWriters(): RoomWriters {
  return new RoomWriters({ connection, channel, name: 'run', count: WRITERS, limit: LINES });
}

/** Everything acknowledged is in the inbox; then the last line is said. */
async function writeAll(writers: RoomWriters): Promise<void> {
  await writers.ended;
  expect(writers.acknowledged).toHaveLength(TOTAL);
  expect(missingFrom(await readInbox(connection, channel, ZERO_CURSOR), writers.acknowledged)).toEqual([]);
  await connection.send({ channel, fromPeer: channel, fromClient: channel, text: LAST });
}

/** Up to a line that is said after all others, so that one that is missed shows as missing, not as a reader that waits. */
function readToTheLast(events: AsyncIterable<AircEvent>): Promise<readonly AircEvent[]> {
  const reading = readAll(events);
  // It is awaited after the writing, which may fail first.
  reading.catch(() => undefined);
  return reading;
}

async function readAll(events: AsyncIterable<AircEvent>): Promise<readonly AircEvent[]> {
  const heard: AircEvent[] = [];
  try {
    for await (const event of events) {
      heard.push(event);
      if (textOf(event) === LAST) return heard;
    }
  } catch (cause) {
    throw new Error(`The stream broke after ${heard.length} events of ${TOTAL + 1}.`, { cause });
  }
  throw new Error(`The stream ended after ${heard.length} events of ${TOTAL + 1}.`);
}

async function expectWhole(heard: readonly AircEvent[]): Promise<void> {
  const stored = await readInbox(connection, channel, ZERO_CURSOR);
  expect(stored).toHaveLength(TOTAL + 1);
  const ids = new Set(heard.map((event) => event.eventId));
  expect(stored.filter((event) => !ids.has(event.eventId)).map(textOf), 'missed').toEqual([]);
  expectInOrder(heard);
  expect(heard).toHaveLength(stored.length);
}
