import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as v from 'valibot';
import {
  SessionSchema,
  startRecorder,
  startReplay,
  type LocalServer,
  type RecordedSession,
} from './recorded-session.ts';
import { ENDPOINT_MODEL } from '../../../shared/bridge/endpoint.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { InferenceLane } from '../../../shared/inference/lane.ts';
import { openCompanionLane } from '../../../web/inference/companion-lane/companion-lane.ts';
import type { LaneBridge } from '../../../web/inference/companion-lane/lane-bridge.ts';
import type { MethodParams } from '../../../shared/bridge/protocol.ts';
import { laneAcceptance } from '../../../shared/testing/lane-acceptance.ts';
import { Endpoint } from '../../../companion/endpoint/endpoint.ts';

interface Subject {
  /** Of the file beside this one. */
  readonly name: string;
  /** Where the server does not tell it. */
  readonly contextTokens?: number;
  readonly embeds: boolean;
  /** Answers at once, as it was recorded. */
  readonly slots: number;
  /** Of the suite. */
  readonly leftOut?: string;
}

const SUBJECTS: readonly Subject[] = [
  { name: 'llama-server', embeds: true, slots: 4 },
  {
    name: 'llama-cpp-python',
    contextTokens: 2_048,
    embeds: false,
    slots: 1,
    // Its process ends on one (0.3.36): nothing is left that could name it.
    leftOut: 'names a grammar that does not compile, and works on',
  },
];

/**
 * `RECORD_ENDPOINT`: the address of a live server of the kind that `RECORD_SERVER` names. The suite runs against it, and
 * what it says is written down.
 */
const {
  RECORD_ENDPOINT: live,
  RECORD_ENDPOINT_KEY: key = 'the-key',
  RECORD_SERVER: recorded = 'llama-server',
} = process.env;

/** As the suite has under way when the engine dies. */
const STREAMS_AT_DEATH = 3;
const NEVER = new AbortController().signal;

/** The bridge as the page has it, with the companion's end in the same process. */
async function openLane(server: LocalServer, { contextTokens }: Subject): Promise<InferenceLane> {
  const endpoint = new Endpoint(undefined, {
    clock: systemClock,
    lookup: () => Promise.reject(new Error('no names in this test')),
    save: () => Promise.resolve(),
  });
  const { models } = await endpoint.connect(
    { address: server.address, key, isPublicConfirmed: false, contextTokens },
    NEVER,
  );
  const request = async (
    ...[method, params, options]: Parameters<LaneBridge['request']>
  ): Promise<unknown> => {
    const signal = options?.signal ?? NEVER;
    switch (method) {
      case 'laneOpen':
        return endpoint.open((params as MethodParams<'laneOpen'>).modelId, signal);
      case 'laneCountTokens': {
        const { modelId, messages } = params as MethodParams<'laneCountTokens'>;
        return { tokens: await endpoint.countPromptTokens(modelId, messages, signal) };
      }
      case 'laneEmbed': {
        const { modelId, text } = params as MethodParams<'laneEmbed'>;
        return { vector: Array.from(await endpoint.embed(modelId, text, signal)) };
      }
      case 'laneGenerate': {
        const { modelId, request: wanted } = params as MethodParams<'laneGenerate'>;
        for await (const chunk of endpoint.generate(modelId, wanted, signal)) options?.onChunk?.(chunk);
        return {};
      }
      default:
        throw new Error(`No ${method} in this test.`);
    }
  };
  return openCompanionLane(
    { bridge: { request: request as LaneBridge['request'] }, clock: systemClock },
    models[0]?.id ?? ENDPOINT_MODEL,
    NEVER,
  );
}

const subjects = SUBJECTS.filter(({ name }) => live === undefined || name === recorded);
describe.each(subjects)('an endpoint, as a lane: $name', (subject) => {
  const { name, embeds, slots, leftOut } = subject;
  const file = new URL(`./${name}.json`, import.meta.url);
  const exchanges: RecordedSession['exchanges'] = [];
  let server: LocalServer;

  beforeAll(async () => {
    server =
      live === undefined
        ? await startReplay(v.parse(SessionSchema, JSON.parse(readFileSync(file, 'utf8'))))
        : await startRecorder(live, (exchange) => exchanges.push(exchange));
  });
  afterAll(async () => {
    await server.close();
    if (live === undefined) return;
    const session: RecordedSession = { server: `${name} at ${new Date().toISOString()}`, exchanges };
    writeFileSync(file, `${JSON.stringify(session, null, 1)}\n`);
  });

  const cases = laneAcceptance({
    open: () => openLane(server, subject),
    kill: async () => {
      // Those that wait for a slot come to the server as the first are cut.
      for (let left = STREAMS_AT_DEATH; left > 0; left -= slots) {
        await expect.poll(() => server.answering).toBe(Math.min(slots, left));
        server.cut();
      }
    },
    embeds,
    takesAdapters: false,
    followsGrammar: true,
    longAnswerTokens: 64,
  });
  for (const one of cases) if (one.name !== leftOut) it(one.name, () => one.run());
});
