/** Owns a paired client of a real companion in this process: the bridge code of the tab, on a socket of Node. */
import { vi } from 'vitest';
import { WebSocket } from 'ws';
import { toBase64Url } from '../../shared/base64url.ts';
import { systemClock } from '../../shared/clock.ts';
import type { InferenceLane } from '../../shared/inference/lane.ts';
import { openCompanionLane } from '../../web/inference/companion-lane/companion-lane.ts';
import { openSession } from '../../web/node/bridge/handshake.ts';
import { createWebSocketDialer } from '../../web/node/bridge/web-socket-dialer.ts';
import { makeKeys, postPair } from '../attacks/harness.ts';
import { makeHome, startCompanionProcess, type CompanionProcess } from '../run/companion-process.ts';

export interface CompanionClient {
  /** Loaded in the companion's child, not warmed up. */
  readonly lane: InferenceLane;
  readonly stop: () => Promise<void>;
}

const NEVER = new AbortController().signal;

/** Starts a companion with this model as a person does, pairs with it, and opens its lane over the bridge. */
export async function startCompanionClient(modelPath: string): Promise<CompanionClient> {
  const { home, remove } = await makeHome();
  const companion = await startCompanionProcess(home, ['--model', modelPath]);
  const stop = async (): Promise<void> => {
    await companion.stop();
    await remove();
    vi.unstubAllGlobals();
  };
  try {
    return { lane: await openLane(companion), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openLane({ origin, link }: CompanionProcess): Promise<InferenceLane> {
  const keys = await makeKeys();
  const code = new URLSearchParams(new URL(link).hash.slice(1)).get('pair');
  const { body } = await postPair({ origin }, { code, publicKey: toBase64Url(keys.publicKey) });
  const key = { sessionId: String(body['sessionId']), sign: (message: Uint8Array) => keys.sign(message) };
  vi.stubGlobal('WebSocket', socketOf(origin));
  const session = await openSession(createWebSocketDialer(origin, fetch), key, systemClock, NEVER);
  const [model] = session.ready.models;
  if (!model) throw new Error('The companion offers no model.');
  return openCompanionLane({ bridge: session, clock: systemClock }, model.id, NEVER);
}

/** As a browser opens them: with the origin of the page, for the companion lets no other in. */
function socketOf(origin: string): new (url: string) => WebSocket {
  return class extends WebSocket {
    constructor(url: string) {
      super(url, { headers: { origin }, perMessageDeflate: false });
    }
  };
}
