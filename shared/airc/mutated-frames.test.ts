import { expect, it } from 'vitest';
import { AppError } from '../errors.ts';
import { payloadOf, VECTORS } from '../testing/airc-vectors.ts';
import { mutate } from '../testing/mutate-bytes.ts';
import { SeededRandom } from '../testing/seeded-random.ts';
import { decodeEnvelope } from './envelope-decode.ts';
import { decodeRequest } from './ipc/request.ts';
import { decodeResponse } from './ipc/response.ts';

/** The full count is `npm run soak`'s. */
const FRAMES = process.env['SOAK'] === 'full' ? 200_000 : 10_000;
/** Real ones take microseconds; this leaves room for a machine that does other things. */
const HANG_MS = 1_000;
const SEED = 20_261_124;

const frames = [...VECTORS.recorded, ...VECTORS.vectors].flatMap(({ frame_hex: hex }) =>
  hex === undefined ? [] : [payloadOf(hex)],
);
const envelopes = VECTORS.recorded
  .filter((frame) => frame.dir === 'response')
  .flatMap((frame) => envelopesIn(payloadOf(frame.frame_hex)));

it(`${FRAMES} mutated frames give values or typed errors, and nothing hangs`, () => {
  const random = new SeededRandom(SEED);
  const outcomes = new Map<string, number>();
  let slowestMs = 0;
  for (let round = 0; round < FRAMES; round += 1) {
    // Half of them by envelope: inside a frame a mutation seldom leaves the list of integers whole.
    const isFrame = round % 2 === 0;
    const bytes = mutate(random.pick(isFrame ? frames : envelopes), random, frames);
    const startedMs = performance.now();
    for (const decode of isFrame ? [decodeRequest, readAll] : [decodeEnvelope]) {
      const outcome = outcomeOf(() => decode(bytes));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
  }
  expect([...outcomes.keys()].toSorted()).toEqual(['EnvelopeMalformed', 'FrameMalformed', 'value']);
  // A mutation that never gets through, or always does, tries nothing.
  for (const [outcome, count] of outcomes) expect(count, outcome).toBeGreaterThan(FRAMES / 200);
  expect(slowestMs).toBeLessThan(HANG_MS);
});

function outcomeOf(work: () => unknown): string {
  try {
    work();
    return 'value';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

function readAll(payload: Uint8Array): void {
  for (const envelope of envelopesIn(payload)) decodeEnvelope(envelope);
}

function envelopesIn(payload: Uint8Array): readonly Uint8Array[] {
  const response = decodeResponse(payload);
  if (response.kind === 'event') return [response.envelope];
  return response.kind === 'inbox' ? response.envelopes : [];
}
