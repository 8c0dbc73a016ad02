/** Owns `PUT /uploads/TICKET`: streams a model file of the person's onto the shelf. */
import { PATHS } from '../../shared/bridge/protocol.ts';
import { AppError } from '../../shared/errors.ts';
import type { ModelShelf } from '../llama/backend.ts';
import { sendJson, type Exchange } from './exchange.ts';
import { MAX_UPLOAD_BYTES } from './limits.ts';
import { readLargeBody } from './request-body.ts';

/** Answers with the ModelOffer. Rejects with what {@link ModelShelf.receiveUpload} does, or `MessageTooLarge`. */
export async function receiveUpload(
  exchange: Exchange,
  shelf: Pick<ModelShelf, 'receiveUpload'>,
): Promise<void> {
  const ticket = exchange.path.slice(PATHS.uploads.length);
  if (!/^[A-Za-z0-9_-]{16,128}$/.test(ticket)) {
    throw new AppError('ArgumentInvalid', 'This upload was not announced.');
  }
  const sizeBytes = Number(exchange.request.headers['content-length'] ?? Number.NaN);
  if (!Number.isSafeInteger(sizeBytes)) throw new AppError('ArgumentInvalid', 'An upload names its length.');
  if (sizeBytes > MAX_UPLOAD_BYTES) throw new AppError('MessageTooLarge', 'The file is too large.');

  const gone = new AbortController();
  const onClose = (): void => {
    gone.abort(new AppError('Aborted', 'The upload was cut off.'));
  };
  exchange.response.once('close', onClose);
  try {
    const signal = AbortSignal.any([exchange.signal, gone.signal]);
    sendJson(exchange, 200, await shelf.receiveUpload(ticket, readLargeBody(exchange), signal));
  } finally {
    exchange.response.off('close', onClose);
  }
}
