/** Owns talking to an airc daemon over its socket, protocol version 5: one request per connection, frames of CBOR. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, encode } from './cbor.mjs';

const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const ANSWER_WITHIN_MS = 5_000;
/** A full listening queue, or on Windows a pipe whose instances are all taken: both pass. */
const BUSY = new Set(['EAGAIN', 'EBUSY']);
const BUSY_RETRY_MS = 15;

/** What went wrong, by name. */
export class Failed extends Error {
  constructor(reason, message, options) {
    super(message, options);
    this.reason = reason;
  }
}

/** One request and its one answer. Rejects with `Failed` when the daemon answers anything but `kind`. */
export async function ask(path, request, kind, signal) {
  const answers = await send(path, request, signal);
  try {
    return await firstAnswer(answers, kind, signal);
  } finally {
    answers.end();
  }
}

/**
 * The room as it happens. Resolves when the daemon has said `ok`, from when on nothing that is said is missed; to be
 * ended with `end()`.
 */
export async function attach(path, request, signal) {
  const answers = await send(path, { op: 'attach', ...request }, signal);
  try {
    await firstAnswer(answers, 'ok', signal);
    return answers;
  } catch (error) {
    answers.end();
    throw error;
  }
}

async function send(path, request, signal) {
  const socket = await dial(path, signal);
  const onAbort = () => socket.destroy(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const payload = encode(request);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(payload.length);
  socket.write(Buffer.concat([header, payload]));
  const frames = framesOf(socket);
  return {
    next: () => frames.next(),
    end: () => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
    },
  };
}

async function dial(path, signal) {
  for (;;) {
    try {
      return await dialOnce(path);
    } catch (error) {
      signal.throwIfAborted();
      if (!BUSY.has(error.code)) {
        throw new Failed('SocketUnreachable', `Nothing answers at ${path} (${error.code}).`, {
          cause: error,
        });
      }
      await sleep(BUSY_RETRY_MS);
    }
  }
}

function dialOnce(path) {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => resolve(socket));
    // Also for later: the reads report an error, and without a listener it would end the process before.
    socket.on('error', reject);
  });
}

/** The first frame, within its time and of the kind that is due. */
async function firstAnswer(answers, kind, signal) {
  const late = setTimeout(() => answers.end(), ANSWER_WITHIN_MS);
  try {
    const { done, value } = await answers.next();
    if (done) throw new Failed('DaemonSilent', `The daemon did not answer; "${kind}" was due.`);
    if (value.kind === 'error') throw new Failed('DaemonRefused', value.message);
    if (value.kind !== kind) {
      throw new Failed('DaemonUnexpected', `The daemon answered "${value.kind}" where "${kind}" was due.`);
    }
    return value;
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof Failed ? error : new Failed('DaemonSilent', error.message, { cause: error });
  } finally {
    clearTimeout(late);
  }
}

async function* framesOf(socket) {
  let waiting = Buffer.alloc(0);
  for await (const chunk of socket) {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 4) {
      const length = waiting.readUInt32BE();
      if (length > MAX_FRAME_BYTES) throw new Failed('FrameTooLarge', `A frame announces ${length} bytes.`);
      if (waiting.length < 4 + length) break;
      yield decode(waiting.subarray(4, 4 + length));
      waiting = waiting.subarray(4 + length);
    }
  }
}
