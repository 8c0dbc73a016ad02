/** Owns what crosses between node worker and download worker: failures are values, since Comlink loses their code. */
import { toWireError } from '../../../shared/errors.ts';
import type { Answer } from '../worker-seam.ts';
import type { DownloadService, DownloadState, FinishedDownload } from './download-service.ts';

export interface DownloadWorkerApi {
  /** Shows what an earlier run left. First of all calls. */
  open(onChange: (states: readonly DownloadState[]) => void): Promise<Answer<undefined>>;
  start(address: string): Promise<Answer<FinishedDownload>>;
  resume(id: string): Promise<Answer<FinishedDownload>>;
  check(sha256: string): Promise<Answer<number>>;
  pause(id: string): Promise<Answer<undefined>>;
  remove(id: string): Promise<Answer<undefined>>;
}

export function createDownloadWorkerService(
  create: (onChange: (states: readonly DownloadState[]) => void) => Promise<DownloadService>,
): DownloadWorkerApi {
  let service: DownloadService | undefined;
  const answer = async <T>(work: (service: DownloadService) => Promise<T>): Promise<Answer<T>> => {
    try {
      if (!service) throw new Error('The download worker was not opened.');
      return { ok: true, value: await work(service) };
    } catch (error) {
      return { ok: false, error: toWireError(error) };
    }
  };
  return {
    open: async (onChange) => {
      try {
        service = await create(onChange);
      } catch (error) {
        return { ok: false, error: toWireError(error, 'StorageFailed') };
      }
      return answer((opened) => opened.restore().then(() => undefined));
    },
    start: (address) => answer((opened) => opened.start(address)),
    resume: (id) => answer((opened) => opened.resume(id)),
    check: (sha256) => answer((opened) => opened.check(sha256)),
    pause: (id) => answer((opened) => opened.pause(id).then(() => undefined)),
    remove: (id) => answer((opened) => opened.remove(id).then(() => undefined)),
  };
}
