/** Owns the node worker: the realm in which this tab's node, or its view of another tab's, runs. */
import { expose } from 'comlink';
import { systemClock } from '../../shared/clock.ts';
import { systemRandom, uuidV4 } from '../../shared/random.ts';
import { createNodeService } from './node-service.ts';
import { createWebLocks } from './ownership/locks.ts';
import { createBroadcastTabChannel } from './ownership/tab-channel.ts';
import { startNode } from './start-node.ts';
import type { NodeWorkerApi } from './view.ts';

const locks = createWebLocks(navigator.locks);

const service = createNodeService({
  tabId: uuidV4(systemRandom),
  locks,
  channel: createBroadcastTabChannel(),
  clock: systemClock,
  startNode: (publisher) => startNode(publisher, locks),
});

// For as long as the tab lives: the browser ends it with the worker.
service.run(new AbortController().signal).catch((error: unknown) => {
  console.error('node.failed', error);
});

expose(service satisfies NodeWorkerApi);
