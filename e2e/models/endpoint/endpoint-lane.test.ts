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

const FILE = new URL('./llama-server.json', import.meta.url);
/** Set to the address of a live llama-server: the suite runs against it, and what it says is written down. */
const { RECORD_ENDPOINT: live, RECORD_ENDPOINT_KEY: key = 'the-key' } = process.env;

/** As the suite has under way when the engine dies; the server was recorded with four slots. */
const STREAMS_AT_DEATH = 3;
const NEVER = new AbortController().signal;
const exchanges: RecordedSession['exchanges'] = [];
let server: LocalServer;

beforeAll(async () => {
  server =
    live === undefined
      ? await startReplay(v.parse(SessionSchema, JSON.parse(readFileSync(FILE, 'utf8'))))
      : await startRecorder(live, (exchange) => exchanges.push(exchange));
});
afterAll(async () => {
  await server.close();
  if (live === undefined) return;
  const session: RecordedSession = { server: `llama-server at ${new Date().toISOString()}`, exchanges };
  writeFileSync(FILE, `${JSON.stringify(session, null, 1)}\n`);
});

/** The bridge as the page has it, with the companion's end in the same process. */
async function openLane(): Promise<InferenceLane> {
  const endpoint = new Endpoint(undefined, {
    clock: systemClock,
    lookup: () => Promise.reject(new Error('no names in this test')),
    save: () => Promise.resolve(),
  });
  const { models } = await endpoint.connect(
    { address: server.address, key, isPublicConfirmed: false },
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

describe('an endpoint, as a lane', () => {
  const cases = laneAcceptance({
    open: openLane,
    kill: async () => {
      await expect.poll(() => server.answering).toBe(STREAMS_AT_DEATH);
      server.cut();
    },
    embeds: true,
    takesAdapters: false,
    followsGrammar: true,
    longAnswerTokens: 64,
  });
  for (const one of cases) it(one.name, () => one.run());
});
