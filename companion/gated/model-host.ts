/**
 * Owns asking the host of gated models with the person's token. The token goes to that host alone; where it sends elsewhere
 * is followed without the token, to hosts of its own on the internet, and nowhere else.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { GATED_ORIGIN, gatedRepository } from '../../shared/bridge/gated.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import { connectionFailure, type PinnedRequest } from '../endpoint/pinned-request.ts';
import { reachOf, type Lookup, type PinnedAddresses } from '../endpoint/reach.ts';
import type { GatedToken } from './gated-token.ts';

export interface ModelHostDeps {
  readonly token: Pick<GatedToken, 'authorization'>;
  readonly lookup: Lookup;
  /** Connects to the judged addresses and follows nothing. */
  readonly send: (request: PinnedRequest) => Promise<IncomingMessage>;
  readonly clock: Clock;
}

export interface Wanted {
  /** On {@link GATED_ORIGIN}. */
  readonly url: URL;
  readonly method: 'GET' | 'HEAD';
  /** One range of bytes. */
  readonly range?: string | undefined;
}

/** Where it keeps large files. */
const OWN_HOST = /^[a-z0-9.-]+\.(?:huggingface\.co|hf\.co)$/;
/** To its redirects' end. */
const HEAD_WITHIN_MS = 30_000;
const MOST_REDIRECTS = 5;

/**
 * Resolves with an answer of 200 or 206. Rejects with `ModelGated`, `DownloadOffline` or `DownloadBusy` (worth another
 * try), `DownloadRefused`, `DownloadChanged`, or with the signal's reason.
 */
export async function askModelHost(
  wanted: Wanted,
  deps: ModelHostDeps,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const late = new AbortController();
  const cancel = deps.clock.after(HEAD_WITHIN_MS, () => {
    late.abort(new AppError('DownloadOffline', `${wanted.url.host} gives no answer in time.`));
  });
  const both = AbortSignal.any([signal, late.signal]);
  try {
    return await follow(wanted, deps, both);
  } finally {
    cancel();
  }
}

async function follow(wanted: Wanted, deps: ModelHostDeps, signal: AbortSignal): Promise<IncomingMessage> {
  let { url } = wanted;
  let isHome = url.origin === GATED_ORIGIN;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const response = await askOnce(url, isHome, wanted, deps, signal);
    const { statusCode = 0 } = response;
    if (statusCode < 300 || statusCode >= 400) return accepted(response, url, isHome, wanted);
    response.destroy();
    url = nextOf(url, response.headers.location);
    // Once it has led away, it is never the token's own host again, whatever it leads to.
    isHome &&= url.origin === GATED_ORIGIN;
  }
  throw new AppError('DownloadRefused', `${wanted.url.host} sends from place to place.`);
}

async function askOnce(
  url: URL,
  isHome: boolean,
  { method, range }: Wanted,
  { token, lookup, send, clock }: ModelHostDeps,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const authorization = isHome ? token.authorization() : undefined;
  if (isHome && authorization === undefined)
    throw new AppError('ModelGated', 'The companion keeps no token for gated models.');
  const addresses = await publicAddresses(url, lookup);
  signal.throwIfAborted();
  const headers = {
    accept: '*/*',
    // What is counted and compared are the file's own bytes.
    'accept-encoding': 'identity',
    'user-agent': 'persona-node',
    ...(authorization !== undefined && { authorization }),
    ...(range !== undefined && { range }),
  };
  return send({ url, method, headers, addresses, clock, signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw offline(url, connectionFailure(cause), cause);
  });
}

function nextOf(from: URL, location: string | undefined): URL {
  const refused = (why: string): AppError =>
    new AppError('DownloadRefused', `${from.host} sends elsewhere, ${why}.`);
  if (location === undefined || !URL.canParse(location, from.href)) throw refused('to no address');
  const url = new URL(location, from.href);
  const isPlain = url.protocol === 'https:' && url.port === '' && url.username === '' && url.password === '';
  if (isPlain && (url.origin === GATED_ORIGIN || OWN_HOST.test(url.hostname))) return url;
  throw refused(`to ${url.host || url.protocol}, which is none of its own hosts`);
}

/** Names of hosts on the internet have no business inside of this machine or its network. */
async function publicAddresses({ hostname }: URL, lookup: Lookup): Promise<PinnedAddresses> {
  const found = await lookup(hostname).catch((cause: unknown) => {
    throw new AppError('DownloadOffline', `Nobody knows where ${hostname} is.`, { cause });
  });
  const inside = found.find(({ address }) => reachOf(address) !== 'public');
  if (inside)
    throw new AppError(
      'DownloadRefused',
      `${hostname} is at ${inside.address}, which is not on the internet.`,
    );
  const [first, ...others] = found.map(
    ({ address }) => ({ address, family: isIP(address) === 6 ? 6 : 4 }) as const,
  );
  if (!first) throw new AppError('DownloadOffline', `${hostname} has no address.`);
  return [first, ...others];
}

function accepted(
  response: IncomingMessage,
  url: URL,
  isHome: boolean,
  { range, url: asked }: Wanted,
): IncomingMessage {
  const { statusCode = 0, headers } = response;
  const isPage = /^(text\/html|application\/xhtml)/i.test(headers['content-type'] ?? '');
  const isPacked = (headers['content-encoding'] ?? 'identity') !== 'identity';
  const isWanted = statusCode === 200 || (statusCode === 206 && range !== undefined);
  if (isWanted && !isPage && !isPacked) return response;
  response.destroy();
  const { host } = url;
  const what = gatedRepository(asked) ?? 'the model';
  if (isHome && (statusCode === 401 || statusCode === 403)) throw gated(what, statusCode);
  if (statusCode === 416) throw new AppError('DownloadChanged', `${host} has a shorter file of ${what} now.`);
  // Where it led to signs its addresses for a while only: asked again it gives a fresh one.
  if (statusCode >= 500 || [401, 403, 408, 429].includes(statusCode))
    throw new AppError('DownloadBusy', `${host} cannot serve at the moment: HTTP ${statusCode}.`);
  if (isPacked) throw new AppError('DownloadRefused', `${host} gives a file of ${what} packed only.`);
  if (isPage) throw new AppError('DownloadRefused', `${host} sent a web page in place of a file of ${what}.`);
  throw new AppError(
    'DownloadRefused',
    `${host} does not give out this file of ${what}: HTTP ${statusCode}.`,
  );
}

function gated(repository: string, status: number): AppError {
  const { host } = new URL(GATED_ORIGIN);
  return new AppError(
    'ModelGated',
    status === 401
      ? `${host} does not take the token that is kept here: HTTP 401.`
      : `The account of the token may not have ${host}/${repository} yet: HTTP 403.`,
  );
}

function offline({ host }: URL, why: string, cause: unknown): AppError {
  return new AppError('DownloadOffline', `${host} does not answer (${why}).`, { cause });
}
