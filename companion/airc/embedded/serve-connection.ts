/** Owns one connection to the embedded daemon: one request, its answer, and for `attach` the stream after it. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { StreamItem } from '../../../shared/airc/daemon-client.ts';
import type { AttachRequest } from '../../../shared/airc/ipc/reading.ts';
import { decodeRequest, type IpcRequest } from '../../../shared/airc/ipc/request.ts';
import { encodeResponse, type IpcResponse } from '../../../shared/airc/ipc/response.ts';
import type { AircEvent } from '../../../shared/airc/model.ts';
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/log.ts';
import { FrameReader, toFrame } from '../frames.ts';
import type { DaemonCore } from './core.ts';
import { envelopeOf } from './envelopes.ts';
import { respond } from './respond.ts';

export interface ConnectionDeps {
  readonly core: DaemonCore;
  readonly clock: Clock;
  readonly log: Logger;
  /** A client asked the daemon to end; its answer is on the way. */
  readonly onStop: () => void;
}

/** A client that has not sent its request by then is none. */
const REQUEST_WITHIN_MS = 30_000;
/** One that has not taken its answer by then will not: until it does, the answer stands in memory. */
const ANSWER_TAKEN_WITHIN_MS = 30_000;

/** Never rejects. The socket was made with `allowHalfOpen`: a client may end its side and still read the answer. */
export async function serveConnection(socket: Socket, deps: ConnectionDeps): Promise<void> {
  socket.on('error', (error) => {
    deps.log.log('debug', 'embedded.connection-broken', { message: error.message });
  });
  const cancel = deps.clock.after(REQUEST_WITHIN_MS, () => socket.destroy());
  try {
    const payload = await firstPayload(socket);
    cancel();
    if (payload === undefined) return;
    await answer(decodeRequest(payload), socket, deps);
  } catch (thrown) {
    const error = toAppError(thrown);
    deps.log.log('info', 'embedded.request-refused', { code: error.code, message: error.message });
    await write(socket, { kind: 'error', message: wordsOf(error) });
  } finally {
    cancel();
    // After what was written, whether the client ends its side or not.
    socket.end(() => socket.destroy());
  }
}

/** Undefined for a connection that ended before its request. Rejects with `FrameTooLarge` or `FrameTruncated`. */
function firstPayload(socket: Socket): Promise<Uint8Array | undefined> {
  const reader = new FrameReader();
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      try {
        const first = reader.push(chunk).next();
        if (first.done === true) return;
        resolve(first.value);
      } catch (error) {
        reject(error);
      }
      // One request per connection: what else comes is never read.
      socket.off('data', onData).pause();
    };
    socket.on('data', onData);
    socket.once('close', () => {
      resolve(undefined);
    });
    socket.once('end', () => {
      try {
        if (reader.inside === 'body') reader.finish();
        resolve(undefined);
      } catch (error) {
        reject(error);
      }
    });
  });
}

async function answer(request: IpcRequest, socket: Socket, deps: ConnectionDeps): Promise<void> {
  if (request.op === 'attach') {
    await stream(request, socket, deps);
    return;
  }
  const cancel = deps.clock.after(ANSWER_TAKEN_WITHIN_MS, () => socket.destroy());
  socket.once('close', cancel);
  await write(socket, await respond(request, deps.core));
  if (request.op === 'stop') deps.onStop();
}

async function stream(request: AttachRequest, socket: Socket, { core, log }: ConnectionDeps): Promise<void> {
  const { channel } = request;
  if (channel === undefined) {
    await write(socket, { kind: 'error', message: 'attach requires a channel in the owner-core model' });
    return;
  }
  // Registered before the answer: whatever is published after it is seen.
  const subscription = core.subscribe({ ...request, channel });
  socket.once('close', () => {
    subscription.close();
  });
  // Whoever ends its side of a stream has left.
  socket.once('end', () => socket.destroy());
  socket.resume();
  await write(socket, { kind: 'ok' });
  for await (const item of subscription.items()) {
    const frame = sendable(item, log);
    if (frame !== undefined && !(await writeFrame(socket, frame))) return;
  }
}

/** Undefined for an event that an earlier version stored and that fits no frame: those after it still come. */
function sendable(item: StreamItem, log: Logger): Uint8Array | undefined {
  try {
    return frameOf(item);
  } catch (error) {
    log.log('error', 'embedded.event-left-out', { message: toAppError(error).message });
    return undefined;
  }
}

const EVENT_FRAMES = new WeakMap<AircEvent, Uint8Array>();

/** An event goes out to every listener in the same bytes. */
function frameOf(item: StreamItem): Uint8Array {
  if (item.kind === 'advanced') {
    const { skipped, advancedTo } = item;
    return toFrame(encodeResponse({ kind: 'attach_cursor_advanced', skipped, advancedTo }));
  }
  const known = EVENT_FRAMES.get(item.event);
  if (known !== undefined) return known;
  const frame = toFrame(encodeResponse({ kind: 'event', envelope: envelopeOf(item.event) }));
  EVENT_FRAMES.set(item.event, frame);
  return frame;
}

function write(socket: Socket, response: IpcResponse): Promise<boolean> {
  return writeFrame(socket, toFrame(encodeResponse(response)));
}

/** Resolves when more may be written: true, or false when the client has gone. */
async function writeFrame(socket: Socket, frame: Uint8Array): Promise<boolean> {
  if (socket.destroyed || !socket.writable) return false;
  if (socket.write(frame)) return true;
  const left = new AbortController();
  const { signal } = left;
  try {
    await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })]);
  } finally {
    left.abort();
  }
  return !socket.destroyed;
}

function wordsOf(error: AppError): string {
  switch (error.code) {
    case 'FrameTruncated':
      return 'could not parse request: early eof';
    case 'FrameTooLarge':
    case 'FrameMalformed':
      return `could not parse request: ${error.message}`;
    default:
      return error.message;
  }
}
