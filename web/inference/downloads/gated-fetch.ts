/** Owns the way to files that their host gives only to known accounts: refused here, they are asked for through the companion. */
import * as v from 'valibot';
import { WireErrorSchema } from '../../../shared/bridge/messages.ts';
import { GATED_ORIGIN, gatedRepository, gatedUrl } from '../../../shared/bridge/gated.ts';
import { AppError, fromWireError, type ErrorCode } from '../../../shared/errors.ts';
import type { FetchBytes } from './fetch-range.ts';

export interface GatedFetchDeps {
  readonly fetchBytes: FetchBytes;
  /** Of this page. */
  readonly origin: string;
  /** The path of the companion's route for this page; undefined while no token is kept. Rejects as the bridge does. */
  readonly ticket: () => Promise<string | undefined>;
}

/** More repositories are asked twice again, and nothing worse. */
const MOST_REMEMBERED = 64;

/**
 * As `fetchBytes`, which is asked first: what is refused with 401 or 403 is repeated through the companion, and the rest of
 * that repository goes there at once. Rejects with the companion's named errors, too.
 */
export function gatedFetch({ fetchBytes, origin, ticket }: GatedFetchDeps): FetchBytes {
  const refused = new Set<string>();
  let path: string | undefined;

  const throughCompanion = async (url: URL, init: RequestInit): Promise<Response | undefined> => {
    for (let isFresh = path === undefined; ; isFresh = true) {
      if (isFresh) path = await ticket().catch(away);
      if (path === undefined) return undefined;
      const target = origin + path + url.pathname + url.search;
      const response = await fetchBytes(target, init).catch((error: unknown) => {
        if (init.signal?.aborted) throw error;
        return away(error);
      });
      if (response.ok) return response;
      const error = await errorOf(response);
      // The ticket was of a connection that ended since.
      if (error.code !== 'SessionUnknown' || isFresh) throw error;
    }
  };

  return async (address, init) => {
    const url = new URL(address);
    const repository = gatedRepository(url);
    const isTaken = url.origin === GATED_ORIGIN && gatedUrl(url.pathname + url.search) !== undefined;
    if (repository === undefined || !isTaken) return fetchBytes(address, init);
    if (refused.has(repository)) {
      const response = await throughCompanion(url, init);
      if (response) return response;
    }
    const response = await fetchBytes(address, init);
    if (response.status !== 401 && response.status !== 403) return response;
    const allowed = await throughCompanion(url, init);
    if (!allowed) return response;
    await response.body?.cancel().catch((_unread: unknown) => undefined);
    if (refused.size >= MOST_REMEMBERED) refused.clear();
    refused.add(repository);
    return allowed;
  };
}

const AWAY: ReadonlySet<ErrorCode> = new Set(['BridgeDown', 'BridgeTimeout']);

/** Worth another try, whatever kept it from answering. */
function away(cause: unknown): never {
  const isAway = !(cause instanceof AppError) || AWAY.has(cause.code);
  if (!isAway) throw cause;
  throw new AppError(
    'DownloadOffline',
    'The companion, through which gated files come, does not answer. Is npm start still running?',
    {
      cause,
    },
  );
}

/** An answer of our own companion that is none of the host's. */
async function errorOf(response: Response): Promise<AppError> {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), WireErrorSchema), await response.text());
  if (parsed.success) return fromWireError(parsed.output);
  return new AppError('DownloadBusy', `The companion did not fetch it: HTTP ${response.status}.`);
}
