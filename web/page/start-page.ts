/** Owns the start of the page proper: the node worker, the store that follows it, the view, and the pairing code. */
import { wrap } from 'comlink';
import { systemClock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { NodeWorkerApi } from '../node/view.ts';
import { TRACED_NODE } from '../node/traced.ts';
import nodeWorkerUrl from '../node/worker.ts?worker&url';
import { createTrustedWorker } from '../trusted-worker.ts';
import { PersonaApp } from './app/persona-app.ts';
import { takePairingCode } from './pairing/pairing-code.ts';
import { NodeStore } from './store/node-store.ts';
import { troubleFrom } from './store/settled-commands.ts';

/** Replaces `place` by the page. `pairingCode` is what the link carried, undefined where the address had none. */
export function startPage(place: Element, pairingCode: string | undefined): void {
  const isTraced = new URLSearchParams(location.search).has('trace');
  const worker = createTrustedWorker(nodeWorkerUrl, isTraced ? TRACED_NODE : 'node');
  const store = new NodeStore(wrap<NodeWorkerApi>(worker), systemClock);
  worker.addEventListener('error', (event) => {
    const cause = event.message || 'The node worker could not be loaded.';
    store.addTrouble(troubleFrom(new AppError('Internal', cause), systemClock));
  });
  store.listen();

  const app = new PersonaApp();
  app.node = store;
  place.replaceWith(app);

  if (pairingCode !== undefined) void pair(store, pairingCode);
  // A link opened where the page already is changes its fragment only, and loads nothing.
  window.addEventListener('hashchange', () => {
    const code = takePairingCode(location, history);
    if (code !== undefined) void pair(store, code);
  });
}

async function pair(store: NodeStore, code: string): Promise<void> {
  const result = await store.commands.pair(code);
  if (result.ok) return;
  // Known for sure only once it is connected: the refusal can be here before the view that shows it where a link is asked.
  const isPaired = store.view.connection.state === 'ready';
  // A browser that is paired has no need of an old link.
  if (isPaired && result.trouble.code !== 'PairingCodeExpired') store.addTrouble(result.trouble);
}
