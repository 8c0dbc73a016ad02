/** Owns fetching gated files for the page: a few at once, each within its announced size, and none that stands still. */
import type { IncomingMessage } from 'node:http';
import { AppError } from '../../shared/errors.ts';
import { askModelHost, type ModelHostDeps, type Wanted } from './model-host.ts';

/** A page loads a file in four parts at once. */
const AT_ONCE = 8;
/** Of what the host tells of its files; a file says its length. */
const MOST_UNANNOUNCED_BYTES = 8 * 1024 * 1024;
/** Far above any model a laptop runs. */
const MOST_BYTES = 256 * 1024 ** 3;
const STALL_MS = 60_000;

/** The head of an answer, and its bytes. */
export interface GatedAnswer {
  readonly status: 200 | 206;
  readonly sizeBytes?: number | undefined;
  readonly contentRange?: string | undefined;
  readonly etag?: string | undefined;
  /** Rejects where it ends too early, is longer than announced, or stands still. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

export class GatedModels {
  readonly #deps: ModelHostDeps;
  #running = 0;

  constructor(deps: ModelHostDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves when `use` has; nothing of the answer is fetched any more then. Rejects with `DownloadBusy` where it fetches
   * too many already, as {@link askModelHost}, or as `use` does.
   */
  async fetch(
    wanted: Wanted,
    signal: AbortSignal,
    use: (answer: GatedAnswer) => Promise<void>,
  ): Promise<void> {
    if (this.#running >= AT_ONCE)
      throw new AppError('DownloadBusy', `The companion fetches ${AT_ONCE} parts of gated files already.`);
    this.#running += 1;
    try {
      const response = await askModelHost(wanted, this.#deps, signal);
      try {
        await use(this.#answerOf(response));
      } finally {
        response.destroy();
      }
    } finally {
      this.#running -= 1;
    }
  }

  #answerOf(response: IncomingMessage): GatedAnswer {
    const { headers, statusCode } = response;
    const told = headers['content-length'];
    const sizeBytes = told === undefined ? undefined : Number(told);
    if (sizeBytes !== undefined && !(Number.isSafeInteger(sizeBytes) && sizeBytes <= MOST_BYTES))
      throw new AppError('DownloadRefused', 'The file is larger than any model.');
    return {
      status: statusCode === 206 ? 206 : 200,
      sizeBytes,
      contentRange: plain(headers['content-range']),
      etag: plain(headers.etag),
      bytes: this.#within(response, sizeBytes ?? MOST_UNANNOUNCED_BYTES),
    };
  }

  /** The time counts while the host is waited for, not while the page takes what is here. */
  async *#within(response: IncomingMessage, mostBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
    const parts: AsyncIterator<Uint8Array> = response[Symbol.asyncIterator]();
    for (let sizeBytes = 0; ;) {
      const cancel = this.#deps.clock.after(STALL_MS, () => {
        response.destroy(new AppError('DownloadOffline', 'The host of the model stands still.'));
      });
      const part = await parts.next().finally(cancel);
      if (part.done === true) return;
      sizeBytes += part.value.length;
      if (sizeBytes > mostBytes)
        throw new AppError('DownloadRefused', 'The host of the model sends more than it announced.');
      yield part.value;
    }
  }
}

/** A host's header becomes one of ours only where it cannot be anything more. */
function plain(value: string | undefined): string | undefined {
  return value !== undefined && /^[\x20-\x7e]{1,256}$/.test(value) ? value : undefined;
}
