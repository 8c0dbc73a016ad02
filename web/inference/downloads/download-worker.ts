/**
 * Owns the download worker: the one realm whose policy lets it talk to the hosts that the person approved. Hashing
 * gigabytes here stalls neither the personas nor an engine.
 */
import { expose } from 'comlink';
import { systemClock } from '../../../shared/clock.ts';
import { fromWireError } from '../../../shared/errors.ts';
import { MODEL_FOLDER, modelFileName } from '../models/model-files.ts';
import { DownloadService } from './download-service.ts';
import { gatedFetch } from './gated-fetch.ts';
import { createOpfsBundleStore } from './opfs-bundle-store.ts';
import { createOpfsPartStore } from './opfs-part-store.ts';
import { createDownloadWorkerService } from './worker-service.ts';

expose(
  createDownloadWorkerService(async (onChange, gatedTicket) => {
    const root = await navigator.storage.getDirectory();
    return new DownloadService({
      store: createOpfsPartStore(root, { folder: MODEL_FOLDER, nameOf: modelFileName }),
      bundles: createOpfsBundleStore(root),
      fetchBytes: gatedFetch({
        fetchBytes: (url, init) => fetch(url, init),
        origin: location.origin,
        ticket: async () => {
          const answer = await gatedTicket();
          if (answer.ok) return answer.value;
          throw fromWireError(answer.error);
        },
      }),
      clock: systemClock,
      onChange,
    });
  }),
);
