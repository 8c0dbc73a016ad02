/** Owns a host of files as a scripted fetch: ranges, sizes, ETags, and whatever a test wants it to answer instead. */

export interface FileHost {
  /** By address. */
  readonly files: Map<string, Uint8Array>;
  /** By address; else every file has one of its own that never changes. */
  readonly etags: Map<string, string>;
  /** Answers in the place of the good host. */
  odd: ((request: { readonly url: string; readonly method: string }) => Response | undefined) | undefined;
  /** "GET ADDRESS", in order. */
  readonly asked: string[];
  /** Of files. */
  sentBytes: number;
  readonly fetchBytes: (url: string, init: RequestInit) => Promise<Response>;
}

export function createFileHost(): FileHost {
  const host: FileHost = {
    files: new Map(),
    etags: new Map(),
    odd: undefined,
    asked: [],
    sentBytes: 0,
    fetchBytes: (url, { method = 'GET', headers, signal }) => {
      host.asked.push(`${method} ${url}`);
      if (signal?.aborted) return Promise.reject(new DOMException('', 'AbortError'));
      const odd = host.odd?.({ url, method });
      if (odd) return Promise.resolve(odd);
      const file = host.files.get(url);
      if (!file) return Promise.resolve(new Response('', { status: 404 }));
      const range = /^bytes=(\d+)-(\d+)$/.exec(new Headers(headers).get('range') ?? '');
      const [start, end] = [Number(range?.[1] ?? 0), Number(range?.[2] ?? file.length - 1) + 1];
      if (method !== 'HEAD') host.sentBytes += end - start;
      return Promise.resolve(
        new Response(method === 'HEAD' ? null : Uint8Array.from(file.subarray(start, end)), {
          status: range ? 206 : 200,
          headers: {
            'content-length': String(end - start),
            etag: host.etags.get(url) ?? '"first"',
            ...(range && { 'content-range': `bytes ${start}-${end - 1}/${file.length}` }),
          },
        }),
      );
    },
  };
  return host;
}
