/** Owns sending a file's bytes to a path of our own origin, and telling how many are sent. */
import { AppError } from '../../../shared/errors.ts';

/**
 * Resolves with the parsed JSON of the answer, whatever its status. Rejects with `BridgeDown` when the connection breaks
 * or the answer is no JSON, `Aborted` when the signal says so.
 */
export type PutFile = (
  path: string,
  file: File,
  onSent: (sentBytes: number) => void,
  signal: AbortSignal,
) => Promise<unknown>;

/** By XMLHttpRequest: fetch tells nothing about how much of a body is sent. The body is the File itself, never a copy. */
export const putFile: PutFile = (path, file, onSent, signal) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const broke = (cause?: unknown): void => {
      reject(new AppError('BridgeDown', 'The connection broke while the model was copied.', { cause }));
    };
    const stop = (): void => {
      request.abort();
      reject(new AppError('Aborted', 'Copying the model was stopped.', { cause: signal.reason }));
    };
    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener('abort', stop, { once: true });
    request.addEventListener('loadend', () => {
      signal.removeEventListener('abort', stop);
    });
    request.upload.addEventListener('progress', ({ loaded }) => {
      onSent(loaded);
    });
    request.addEventListener('error', () => {
      broke();
    });
    request.addEventListener('load', () => {
      try {
        resolve(JSON.parse(request.responseText));
      } catch (cause) {
        broke(cause);
      }
    });
    request.open('PUT', path);
    request.send(file);
  });
