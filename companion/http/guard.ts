/** Owns the one check in front of every byte, for requests and socket upgrades alike. Pure: decides, never answers. */

/** The parts of a request that the guard reads. No other header has a say, `X-Forwarded-Host` least of all. */
export interface GuardedRequest {
  readonly method: string;
  readonly target: string;
  /** Names and values alternating, as received: duplicates are still visible here. */
  readonly rawHeaders: readonly string[];
}

export type Verdict =
  | { readonly tag: 'pass'; readonly path: string }
  | { readonly tag: 'redirect'; readonly location: string }
  | { readonly tag: 'refuse'; readonly status: number; readonly reason: string };

/** What a browser may ask for from elsewhere: a person follows a link to the page, and nothing more. */
export type Reach = 'page' | 'own-only' | 'upgrade';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT']);
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);
const MAX_TARGET_CHARS = 2048;

/**
 * `origin` is the canonical one, `http://127.0.0.1:PORT`; `reachOf` says who may ask for a path.
 *
 * Host and Origin are both needed: a page that rebinds its name to loopback sends no Origin on GET, only its Host gives
 * it away; a page of another local port sends the right Host, only its Origin does.
 */
export function judge(request: GuardedRequest, origin: string, reachOf: (path: string) => Reach): Verdict {
  const hosts = valuesOf(request.rawHeaders, 'host');
  const origins = valuesOf(request.rawHeaders, 'origin');
  const host = hosts.length === 1 ? hosts[0] : undefined;
  const targetRefusal = refuseTarget(request.target);

  if (host !== hostOf(origin)) {
    const isAlias = host === hostOf(origin).replace('127.0.0.1', 'localhost');
    if (!isAlias || request.method !== 'GET' || origins.length > 0 || targetRefusal !== undefined) {
      return refuse(421, 'host');
    }
    return { tag: 'redirect', location: `${origin}${request.target}` };
  }
  if (targetRefusal !== undefined) return targetRefusal;
  if (!METHODS.has(request.method)) return refuse(405, 'method');

  const path = request.target.split('?', 1)[0] ?? '';
  const reach = reachOf(path);
  if (origins.length > 1 || (origins[0] ?? origin) !== origin) return refuse(403, 'origin');
  const needsOrigin = reach === 'upgrade' || !SAFE_METHODS.has(request.method);
  if (needsOrigin && origins.length === 0) return refuse(403, 'origin-missing');
  if (!fetchSiteAllowed(request, reach)) return refuse(403, 'fetch-site');
  if (SAFE_METHODS.has(request.method) && announcesBody(request.rawHeaders)) return refuse(400, 'body');
  return { tag: 'pass', path };
}

/** Origin-form only: one leading slash. An absolute or `//host` target would name another host than `Host` does. */
function refuseTarget(target: string): Verdict | undefined {
  if (target.length > MAX_TARGET_CHARS) return refuse(414, 'target-length');
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(target) ? undefined : refuse(400, 'target');
}

/** Browsers that send no fetch metadata (and WebSocket handshakes, which never carry it) are held by Host and Origin. */
function fetchSiteAllowed(request: GuardedRequest, reach: Reach): boolean {
  const sites = valuesOf(request.rawHeaders, 'sec-fetch-site');
  if (sites.length === 0) return true;
  if (sites.length > 1) return false;
  if (sites[0] === 'same-origin') return true;
  if (reach !== 'page' || !SAFE_METHODS.has(request.method)) return false;
  // `none`: typed, or opened from a terminal.
  if (sites[0] === 'none') return true;
  return (
    valuesOf(request.rawHeaders, 'sec-fetch-mode')[0] === 'navigate' &&
    valuesOf(request.rawHeaders, 'sec-fetch-dest')[0] === 'document'
  );
}

function announcesBody(rawHeaders: readonly string[]): boolean {
  return (
    valuesOf(rawHeaders, 'transfer-encoding').length > 0 ||
    valuesOf(rawHeaders, 'content-length').some((length) => length !== '0')
  );
}

function valuesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
}

function hostOf(origin: string): string {
  return origin.slice('http://'.length);
}

function refuse(status: number, reason: string): Verdict {
  return { tag: 'refuse', status, reason };
}
