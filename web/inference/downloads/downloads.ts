/** Owns the downloads as the node sees them: the worker that fetches, started when it is needed, and its failures. */
import { proxy, wrap, type Remote } from 'comlink';
import type { Clock } from '../../../shared/clock.ts';
import { AppError, fromWireError, toWireError } from '../../../shared/errors.ts';
import { isAllowedHost } from '../../../shared/models/hosts.ts';
import type { Answer, WorkerHandle } from '../worker-seam.ts';
import type { FinishedDownload } from './finished-download.ts';
import type { DownloadState } from './download-states.ts';
import { addressOf } from './resolve-manifest.ts';
import type { DownloadWorkerApi } from './worker-service.ts';

export interface DownloadsDeps {
  readonly spawn: () => WorkerHandle;
  readonly clock: Clock;
  /** Hosts that the worker's policy has when it starts; undefined while the companion has not told them. */
  approvedHosts(): readonly string[] | undefined;
  /** As {@link GatedFetchDeps.ticket}. */
  gatedTicket(): Promise<string | undefined>;
  onChange(states: readonly DownloadState[]): void;
}

interface DownloadWorker {
  readonly api: Remote<DownloadWorkerApi>;
  /** Those of its policy. */
  readonly hosts: string;
  /** Rejects when it is gone: a dead worker answers nothing. */
  readonly gone: Promise<never>;
  readonly opened: Promise<void>;
  end(reason: AppError): void;
}

/**
 * A worker at work is asked this often whether it is still there, and ended when it does not answer within that: Chromium
 * never comes back from closing a file that went away with the data of the site (156, 2026-12-01).
 */
const ASK_EVERY_MS = 5_000;
const ANSWER_WITHIN_MS = 20_000;

export class Downloads {
  readonly #deps: DownloadsDeps;
  #worker: DownloadWorker | undefined;
  #states: readonly DownloadState[] = [];

  constructor(deps: DownloadsDeps) {
    this.#deps = deps;
  }

  /** Shows what earlier visits left. Rejects with `StorageFailed`. */
  async open(): Promise<void> {
    await this.#alive();
  }

  /**
   * Resolves with the verified file. Rejects with `HostNotApproved` before anything is asked of the host, else as
   * {@link DownloadService.start}.
   */
  async start(address: string): Promise<FinishedDownload> {
    const url = addressOf(address);
    this.#refuseUnapproved(url.origin);
    return this.#call((api) => api.start(url.href));
  }

  /** Goes on with one that was told through `onChange`. Rejects as {@link start}. */
  async resume(id: string): Promise<FinishedDownload> {
    await this.open();
    const known = this.#states.find((state) => state.id === id);
    if (known) this.#refuseUnapproved(known.origin);
    return this.#call((api) => api.resume(id));
  }

  /** Resolves with how many chunks were fetched anew; rejects as {@link DownloadService.check}. */
  check(sha256: string, bundle?: string): Promise<number> {
    return this.#call((api) => api.check(sha256, bundle));
  }

  pause(id: string): Promise<void> {
    return this.#call((api) => api.pause(id));
  }

  remove(id: string): Promise<void> {
    return this.#call((api) => api.remove(id));
  }

  /** What is under way ends with `Aborted`; what has arrived is kept. */
  close(): void {
    this.#worker?.end(new AppError('Aborted', 'The node is stopped.'));
    this.#worker = undefined;
  }

  #refuseUnapproved(origin: string): void {
    const approved = this.#deps.approvedHosts();
    if (!approved)
      throw new AppError('BridgeDown', 'The companion has not said yet which hosts are approved.');
    if (isAllowedHost(origin, approved)) return;
    const { host } = new URL(origin);
    throw new AppError('HostNotApproved', `${host} is not among the hosts that models may come from.`, {
      detail: origin,
    });
  }

  async #call<T>(work: (api: Remote<DownloadWorkerApi>) => Promise<Answer<T>>): Promise<T> {
    const worker = await this.#alive();
    const stop = new AbortController();
    void this.#watch(worker, stop.signal);
    try {
      const answer = await Promise.race([work(worker.api), worker.gone]);
      if (answer.ok) return answer.value;
      throw fromWireError(answer.error);
    } finally {
      stop.abort();
    }
  }

  /** Never rejects. */
  async #watch(worker: DownloadWorker, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const { api, gone } = worker;
    while (!signal.aborted) {
      const cancel = clock.after(ANSWER_WITHIN_MS, () => {
        if (!signal.aborted)
          worker.end(
            new AppError(
              'StorageFailed',
              'The download stands still: its files may have been deleted. Restart the browser, and begin it again.',
            ),
          );
      });
      const isThere = await Promise.race([api.ping(), gone]).then(
        () => true,
        () => false,
      );
      cancel();
      if (!isThere) return;
      await clock.sleep(ASK_EVERY_MS, signal).catch(() => undefined);
    }
  }

  async #alive(): Promise<DownloadWorker> {
    const hosts = this.#deps.approvedHosts()?.join(' ') ?? '';
    // The policy came with the worker's script: a new approval takes a new worker.
    if (this.#worker && hosts !== this.#worker.hosts) this.close();
    const worker = (this.#worker ??= this.#start(hosts));
    await worker.opened;
    return worker;
  }

  #show(states: readonly DownloadState[]): void {
    this.#states = states;
    this.#deps.onChange(states);
  }

  #start(hosts: string): DownloadWorker {
    const handle = this.#deps.spawn();
    const api = wrap<DownloadWorkerApi>(handle);
    let end: DownloadWorker['end'] = () => undefined;
    const gone = new Promise<never>((_resolve, reject) => {
      end = (reason) => {
        handle.terminate();
        if (this.#worker?.api === api) this.#worker = undefined;
        reject(reason);
        // It tells no more of what it was at.
        if (reason.code !== 'Aborted') this.#show(this.#states.map((state) => stopped(state, reason)));
      };
    });
    // Whoever waits for the worker races it; without anybody it is nobody's news.
    gone.catch(() => undefined);
    handle.addEventListener('error', () => {
      end(new AppError('StorageFailed', 'The download worker failed; what has arrived is kept.'));
    });
    const onChange = proxy((states: readonly DownloadState[]) => {
      this.#show(states);
    });
    const gatedTicket = proxy(async (): Promise<Answer<string | undefined>> => {
      try {
        return { ok: true, value: await this.#deps.gatedTicket() };
      } catch (error) {
        return { ok: false, error: toWireError(error, 'BridgeDown') };
      }
    });
    const opened = Promise.race([api.open(onChange, gatedTicket), gone]).then((answer) => {
      if (!answer.ok) throw fromWireError(answer.error);
    });
    opened.catch(() => undefined);
    return { api, hosts, gone, opened, end };
  }
}

function stopped({ bytesPerSecond: _past, ...state }: DownloadState, reason: AppError): DownloadState {
  return state.phase === 'paused' ? state : { ...state, phase: 'paused', error: toWireError(reason) };
}
