/** Owns that a host which is asked for something answers in time, or is given up. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError } from '../../../shared/errors.ts';
import type { FetchBytes } from './fetch-range.ts';

/** Any host answers its head within this; bytes have limits of their own. */
const ASK_WITHIN_MS = 30_000;

export function withDeadline(fetchBytes: FetchBytes, clock: Clock): FetchBytes {
  return async (url, init) => {
    const late = new AbortController();
    const cancel = clock.after(ASK_WITHIN_MS, () => {
      late.abort(new AppError('DownloadOffline', `${new URL(url).host} gives no answer in time.`));
    });
    try {
      const signal = init.signal ? AbortSignal.any([init.signal, late.signal]) : late.signal;
      return await fetchBytes(url, { ...init, signal });
    } finally {
      cancel();
    }
  };
}
