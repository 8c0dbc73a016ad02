/** Owns reading a short text of a foreign host: no byte more of it than was allowed. */
import { AppError } from '../../../shared/errors.ts';
import { checkStatus, hostOf, offline, type FetchBytes } from './fetch-range.ts';

export interface TextWish {
  /** For people. */
  readonly name: string;
  readonly maxBytes: number;
  /** Else a web page stands for a login or an error. */
  readonly isPageFine?: boolean;
}

/** Rejects as `fetchRange` does, with `DownloadRefused` for a longer text or one that is no UTF-8. */
export async function readText(
  url: string,
  { name, maxBytes, isPageFine = false }: TextWish,
  fetchBytes: FetchBytes,
  signal: AbortSignal,
): Promise<string> {
  const response = await fetchBytes(url, {
    credentials: 'omit',
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
    signal,
  }).catch((cause: unknown) => {
    throw offline({ url }, cause, signal);
  });
  try {
    if (!(isPageFine && response.ok))
      checkStatus(response, { url, name, sizeBytes: 0 }, { start: 0, end: 0 });
    return await readAll(response, { url, name, maxBytes }, signal);
  } finally {
    await response.body?.cancel().catch(() => undefined);
  }
}

async function readAll(
  response: Response,
  { url, name, maxBytes }: { readonly url: string; readonly name: string; readonly maxBytes: number },
  signal: AbortSignal,
): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const reader = response.body?.getReader();
  const refused = (what: string): AppError =>
    new AppError('DownloadRefused', `${hostOf(url)} sent a ${name} that ${what}.`);
  let text = '';
  let bytes = 0;
  try {
    for (;;) {
      const part = await reader?.read().catch((cause: unknown) => {
        throw offline({ url }, cause, signal);
      });
      if (!part || part.done) return text + decoder.decode();
      bytes += part.value.byteLength;
      if (bytes > maxBytes) throw refused('is larger than any such list');
      text += decoder.decode(part.value, { stream: true });
    }
  } catch (error) {
    if (error instanceof TypeError) throw refused('is no text');
    throw error;
  } finally {
    reader?.releaseLock();
  }
}
