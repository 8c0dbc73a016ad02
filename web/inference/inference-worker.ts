/** Owns the inference worker: the realm that holds the engine, so that its crash is an event and not the end. */
import { expose } from 'comlink';
import { systemClock } from '../../shared/clock.ts';
import { createAdapterFolder } from './gguf/adapter-folder.ts';
import { createOpenGguf } from './gguf/open-gguf.ts';
import { createOpenMlc } from './mlc/open-mlc.ts';
import { createWorkerLaneService, type OpenModel } from './worker-lane/worker-lane-service.ts';
import { createOpfsBundleStore } from './downloads/opfs-bundle-store.ts';
import { createModelFiles } from './models/model-files.ts';
import { createStoredBundles } from './models/stored-bundles.ts';

const bundles = createStoredBundles(async () =>
  createOpfsBundleStore(await navigator.storage.getDirectory()),
);

const openGguf = createOpenGguf({
  clock: systemClock,
  fetchBytes: (input, init) => fetch(input, init),
  files: async () => createModelFiles(await navigator.storage.getDirectory()),
  bundles,
  adapters: async () => createAdapterFolder(await navigator.storage.getDirectory()),
});

function holdForLife(lock: string): Promise<void> {
  return new Promise((held, refused) => {
    navigator.locks
      .request(lock, () => {
        held();
        // Never given back: the browser does that when this realm is gone.
        return new Promise<never>(() => undefined);
      })
      .catch(refused);
  });
}

const openMlc = createOpenMlc({
  clock: systemClock,
  origin: location.origin,
  bundles,
  // For the rest of this worker's life, which is that of one model. web-llm lets nobody hand it a cache.
  serveCaches: (stored) => {
    Object.defineProperty(globalThis, 'caches', { value: stored, configurable: true });
  },
  // 6 MB of code that only this lane needs.
  loadEngine: async () => (await import('./mlc/raw-mlc.ts')).createWebLlm(),
});

const openModel: OpenModel = (options, onProgress, signal) =>
  options.engine === 'mlc' ? openMlc(options, onProgress, signal) : openGguf(options, onProgress, signal);

expose(createWorkerLaneService(openModel, holdForLife));
