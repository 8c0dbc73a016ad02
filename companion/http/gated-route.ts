/** Owns `GET /gated/TICKET/...`: a file of a gated model, or what its host tells of it, fetched with the person's token. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gatedUrl } from '../../shared/bridge/gated.ts';
import { PATHS } from '../../shared/bridge/protocol.ts';
import { AppError } from '../../shared/errors.ts';
import type { GatedAnswer, GatedModels } from '../gated/gated-models.ts';
import type { GatedTickets } from '../gated/gated-tickets.ts';
import { writeHead, type Exchange } from './exchange.ts';

export interface GatedRouteDeps {
  readonly tickets: Pick<GatedTickets, 'find'>;
  readonly models: Pick<GatedModels, 'fetch'>;
}

/** Several ranges at once would come in another form than the bytes of the file. */
const ONE_RANGE = /^bytes=\d{1,15}-\d{0,15}$/;

/**
 * Rejects with `SessionUnknown` without a page's own ticket, `ArgumentInvalid` for what is no such address, else as
 * {@link GatedModels.fetch}. Once bytes flow, a failure cuts the connection. It ends with the request and with the page.
 */
export async function serveGated(exchange: Exchange, { tickets, models }: GatedRouteDeps): Promise<void> {
  const { request, response } = exchange;
  const [, ticket = '', target = ''] = /^([\w-]{1,64})(\/.*)$/.exec(targetOf(exchange)) ?? [];
  const page = tickets.find(ticket);
  if (!page) throw new AppError('SessionUnknown', 'Only a page that is connected may ask for this.');
  const url = gatedUrl(target);
  const { range } = request.headers;
  if (!url || (range !== undefined && !ONE_RANGE.test(range)))
    throw new AppError('ArgumentInvalid', 'This is no address of a model.');

  const gone = new AbortController();
  const onClose = (): void => {
    gone.abort(new AppError('Aborted', 'The download was given up.'));
  };
  response.once('close', onClose);
  try {
    const signal = AbortSignal.any([exchange.signal, page, gone.signal]);
    const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
    await models.fetch({ url, method, range }, signal, (answer) => pass(exchange, method, answer, signal));
  } finally {
    response.off('close', onClose);
  }
}

/** Path and query, behind the route's own name. */
function targetOf({ request }: Exchange): string {
  return (request.url ?? '').slice(PATHS.gated.length);
}

async function pass(
  exchange: Exchange,
  method: string,
  { status, sizeBytes, contentRange, etag, bytes }: GatedAnswer,
  signal: AbortSignal,
): Promise<void> {
  const { response } = exchange;
  response.strictContentLength = sizeBytes !== undefined && method !== 'HEAD';
  writeHead(exchange, status, {
    // Never the host's: nothing of another host is a page or a script of this origin.
    'content-type': 'application/octet-stream',
    ...(sizeBytes !== undefined && { 'content-length': sizeBytes }),
    ...(contentRange !== undefined && { 'content-range': contentRange }),
    ...(etag !== undefined && { etag }),
  });
  if (method === 'HEAD') response.end();
  else await pipeline(Readable.from(bytes, { objectMode: false }), response, { signal });
}
