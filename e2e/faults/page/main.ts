/** Owns the page realm of the download tests: it stands for the node of one tab, and fetches as that does. */
import { systemClock } from '../../../shared/clock.ts';
import { toWireError, type WireError } from '../../../shared/errors.ts';
import downloadWorkerUrl from '../../../web/inference/downloads/download-worker.ts?worker&url';
import type { DownloadState } from '../../../web/inference/downloads/download-states.ts';
import { Downloads } from '../../../web/inference/downloads/downloads.ts';
import { createTrustedWorker } from '../../../web/trusted-worker.ts';

declare global {
  interface Window {
    /** Resolves with why it failed, or with undefined when the verified file is here. */
    download(address: string): Promise<WireError | undefined>;
    /** As they were told last. */
    downloadStates: readonly DownloadState[];
  }
}

window.downloadStates = [];
window.download = async (address) => {
  const downloads = new Downloads({
    spawn: () => createTrustedWorker(downloadWorkerUrl, 'downloads'),
    clock: systemClock,
    approvedHosts: () => [new URL(address).origin],
    gatedTicket: () => Promise.resolve(undefined),
    onChange: (states) => {
      window.downloadStates = states;
    },
  });
  try {
    await downloads.start(address);
    return undefined;
  } catch (error) {
    return toWireError(error);
  } finally {
    downloads.close();
  }
};
