/** Owns one HTTP request to addresses that were judged: no second look-up, no connection of a pool, no redirect followed. */
import { request as requestPlain, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as requestTls } from 'node:https';
import type { Clock } from '../../shared/clock.ts';
import type { PinnedAddresses } from './reach.ts';

const CONNECT_MS = 10_000;

export interface PinnedRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string | undefined;
  /** The only ones that are connected to. */
  readonly addresses: PinnedAddresses;
  readonly clock: Clock;
  /** Also ends the answer that was given out. */
  readonly signal: AbortSignal;
}

/** Resolves with the answer's head, whatever its status. Rejects with what the system says of the connection. */
export function sendPinned(wanted: PinnedRequest): Promise<IncomingMessage> {
  const { url, method, headers, body, addresses, clock, signal } = wanted;
  const isTls = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const request = (isTls ? requestTls : requestPlain)(url, {
      method,
      headers,
      // A connection of its own: one from a pool may lead to where the name pointed before.
      agent: false,
      lookup: (_host, { all }, done) => {
        // The judged addresses, and no second question that could be answered otherwise.
        const [first] = addresses;
        if (all === true) (done as unknown as AllFound)(null, addresses);
        else done(null, first.address, first.family);
      },
      signal,
    });
    const connected = clock.after(CONNECT_MS, () => {
      request.destroy(new Error(`no connection within ${CONNECT_MS / 1_000} s`));
    });
    request.on('socket', (socket) => {
      socket.once(isTls ? 'secureConnect' : 'connect', connected);
    });
    request.once('close', connected);
    request.once('response', resolve);
    // Not once: a second error that nobody hears would end the program.
    request.on('error', reject);
    request.end(body);
  });
}

/** Why there was no answer, in a word: ECONNREFUSED. */
export function connectionFailure(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}

type AllFound = (
  error: null,
  found: readonly { readonly address: string; readonly family: number }[],
) => void;
