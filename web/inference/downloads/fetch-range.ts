/** Owns one answer of a foreign host: one range of one file, held to what was promised, or a named refusal. */
import { GATED_ORIGIN } from '../../../shared/bridge/gated.ts';
import { AppError } from '../../../shared/errors.ts';
import type { DownloadManifest } from './manifest.ts';

export type FetchBytes = (url: string, init: RequestInit) => Promise<Response>;

/**
 * `end` is behind the last byte. Bytes are given to `onBytes` as they come, in order. Every answer's total and ETag, where they are readable, must be those of the manifest;
 * there is no `If-Range`, which would force a preflight that few hosts answer. Rejects with `DownloadOffline` or
 * `DownloadBusy` (worth another try), `ModelGated`, `DownloadRefused`, `DownloadChanged` or `Aborted`.
 */
export async function fetchRange(
  manifest: DownloadManifest,
  { start, end }: { readonly start: number; readonly end: number },
  fetchBytes: FetchBytes,
  onBytes: (bytes: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetchBytes(manifest.url, {
    // A single range is a header that needs no preflight.
    headers: { range: `bytes=${start}-${end - 1}` },
    credentials: 'omit',
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
    signal,
  }).catch((cause: unknown) => {
    throw offline(manifest, cause, signal);
  });
  try {
    checkStatus(response, manifest, { start, end });
    checkIdentity(response, manifest);
    await readExactly(response, end - start, manifest, onBytes, signal);
  } finally {
    // What is left of a refused answer is not worth its transfer.
    await response.body?.cancel().catch(() => undefined);
  }
}

export function offline({ url }: { readonly url: string }, cause: unknown, signal: AbortSignal): AppError {
  if (signal.aborted) return new AppError('Aborted', 'The download was paused.', { cause });
  // The companion, on its way to the host, has named it already.
  if (cause instanceof AppError) return cause;
  return new AppError('DownloadOffline', `${hostOf(url)} does not answer, or sends elsewhere.`, { cause });
}

/** Throws for every status that is no answer to read. */
export function checkStatus(
  response: Response,
  { url, name, sizeBytes }: Pick<DownloadManifest, 'url' | 'name' | 'sizeBytes'>,
  { start, end }: { readonly start: number; readonly end: number },
): void {
  const { status } = response;
  const host = hostOf(url);
  if (status >= 500 || status === 429 || status === 408)
    throw new AppError('DownloadBusy', `${host} cannot serve at the moment: HTTP ${status}.`);
  if (status === 401 || status === 403)
    throw isModelHost(url)
      ? new AppError('ModelGated', `${host} gives ${name} only to accounts that may have it: HTTP ${status}.`)
      : new AppError('DownloadRefused', `${host} gives ${name} only to those it knows: HTTP ${status}.`);
  if (status === 416)
    throw new AppError('DownloadChanged', `${host} has a shorter ${name} now than it announced.`);
  // A host without ranges sends all of it, which is right where all of it was asked for.
  const isWhole = status === 200 && start === 0 && end === sizeBytes;
  if (status === 200 && !isWhole && !isPage(response))
    throw new AppError('DownloadRefused', `${host} cannot send parts of a file, so nothing can be resumed.`);
  if (status !== 206 && status !== 200)
    throw new AppError('DownloadRefused', `${host} does not give out ${name}: HTTP ${status}.`);
  if (isPage(response)) throw new AppError('DownloadRefused', `${host} sent a web page in place of ${name}.`);
}

function isModelHost(url: string): boolean {
  return new URL(url).origin === GATED_ORIGIN;
}

function isPage({ headers }: Response): boolean {
  return /^(text\/html|application\/xhtml)/i.test(headers.get('content-type') ?? '');
}

function checkIdentity({ headers }: Response, { url, name, sizeBytes, etag }: DownloadManifest): void {
  const changed = (what: string): AppError =>
    new AppError('DownloadChanged', `${hostOf(url)} has another ${name} now: ${what}.`);
  // Neither is readable across origins unless the host exposes it.
  const total = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1];
  if (total !== undefined && Number(total) !== sizeBytes) throw changed(`${total} bytes, not ${sizeBytes}`);
  const present = headers.get('etag');
  if (etag !== undefined && present !== null && present !== etag) throw changed('its ETag differs');
}

async function readExactly(
  response: Response,
  count: number,
  { url, name }: DownloadManifest,
  onBytes: (bytes: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let at = 0;
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const part = await reader?.read().catch((cause: unknown) => {
        throw offline({ url }, cause, signal);
      });
      if (!part || part.done) break;
      if (at + part.value.byteLength > count)
        throw new AppError('DownloadChanged', `${hostOf(url)} sends more of ${name} than was asked for.`);
      at += part.value.byteLength;
      await onBytes(part.value);
    }
  } finally {
    reader?.releaseLock();
  }
  if (at < count)
    throw new AppError(
      'DownloadOffline',
      `${hostOf(url)} ended ${count - at} bytes before the end of a part.`,
    );
}

export function hostOf(url: string): string {
  return new URL(url).host;
}
