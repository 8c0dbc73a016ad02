/** Owns what crosses between node worker and download worker: failures are values, since Comlink loses their code. */
import { toWireError } from '../../../shared/errors.ts';
import type { Answer } from '../worker-seam.ts';
import type { DownloadService } from './download-service.ts';
import type { FinishedDownload } from './finished-download.ts';
import type { DownloadState } from './download-states.ts';

/** As {@link GatedFetchDeps.ticket}, with failures as values. */
export type GatedTicket = () => Promise<Answer<string | undefined>>;

export interface DownloadWorkerApi {
  /** Resolves at once, whatever is under way. */
  ping(): Promise<void>;
  /** Shows what an earlier run left. First of all calls. */
  open(
    onChange: (states: readonly DownloadState[]) => void,
    gatedTicket: GatedTicket,
  ): Promise<Answer<undefined>>;
  start(address: string): Promise<Answer<FinishedDownload>>;
  resume(id: string): Promise<Answer<FinishedDownload>>;
  check(sha256: string, bundle?: string): Promise<Answer<number>>;
  pause(id: string): Promise<Answer<undefined>>;
  remove(id: string): Promise<Answer<undefined>>;
}

export function createDownloadWorkerService(
  create: (
    onChange: (states: readonly DownloadState[]) => void,
    gatedTicket: GatedTicket,
  ) => Promise<DownloadService>,
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
    ping: () => Promise.resolve(),
    open: async (onChange, gatedTicket) => {
      try {
        service = await create(onChange, gatedTicket);
      } catch (error) {
        return { ok: false, error: toWireError(error, 'StorageFailed') };
      }
      return answer((opened) => opened.restore().then(() => undefined));
    },
    start: (address) => answer((opened) => opened.start(address)),
    resume: (id) => answer((opened) => opened.resume(id)),
    check: (sha256, bundle) => answer((opened) => opened.check(sha256, bundle)),
    pause: (id) => answer((opened) => opened.pause(id).then(() => undefined)),
    remove: (id) => answer((opened) => opened.remove(id).then(() => undefined)),
  };
}
