/** Owns one connection to a daemon: dialled, bounded by a deadline until it is answered, ended with its signal. */
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import { payloadsOf, toFrame } from './frames.ts';

export interface DialOptions {
  /** Path of a Unix socket, or name of a Windows pipe. */
  readonly path: string;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** From the dialling to the first frame of the answer. */
  readonly withinMs: number;
}

/** A request that was sent, and the frames that answer it. Returning from them closes; reading slowly slows the daemon. */
export interface Exchange {
  /** Throws `DaemonGone` when the connection breaks, `FrameTruncated`, `FrameTooLarge`, or the signal's reason. */
  readonly payloads: AsyncGenerator<Uint8Array, void, undefined>;
  /** No deadline from here on. */
  readonly answered: () => void;
}

/** A full listening queue shows as EAGAIN, a busy pipe as EBUSY: both pass. */
const BUSY_CODES = new Set(['EAGAIN', 'EBUSY']);
const BUSY_RETRY_MS = 15;

/** Rejects with `DaemonUnreachable`, `FrameTooLarge`, or the signal's reason. */
export async function exchange(request: Uint8Array, options: DialOptions): Promise<Exchange> {
  const frame = toFrame(request);
  const { clock, signal, withinMs } = options;
  if (signal?.aborted) throw reasonOf(signal);
  const deadlineMs = clock.monotonicMs() + withinMs;
  const ending = new AbortController();
  const cancel = clock.after(withinMs, () => {
    ending.abort(new AppError('DaemonGone', `The daemon did not answer within ${withinMs} ms.`));
  });
  const onAbort = (): void => {
    ending.abort(signal === undefined ? undefined : reasonOf(signal));
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  const release = (): void => {
    cancel();
    signal?.removeEventListener('abort', onAbort);
  };
  try {
    const socket = await dial(options, ending.signal, deadlineMs);
    const payloads = readPayloads(socket, ending.signal, release);
    socket.write(frame);
    return { payloads, answered: cancel };
  } catch (error) {
    release();
    throw error;
  }
}

async function dial({ path, clock }: DialOptions, signal: AbortSignal, deadlineMs: number): Promise<Socket> {
  for (;;) {
    try {
      return await dialOnce(path, signal);
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
      if (!BUSY_CODES.has(code) || clock.monotonicMs() > deadlineMs) {
        throw new AppError('DaemonUnreachable', `Nothing answers at ${path} (${code}).`, { cause });
      }
      await clock.sleep(BUSY_RETRY_MS, signal);
    }
  }
}

function dialOnce(path: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const onAbort = (): void => {
      socket.destroy(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    // Kept after the connect: it is also what ends the exchange.
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => {
      resolve(socket);
    });
    // Also for later: without a listener an error between two reads would end the process; the reads report it.
    socket.on('error', reject);
  });
}

async function* readPayloads(
  socket: Socket,
  signal: AbortSignal,
  release: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* payloadsOf(socket);
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    throw toAppError(thrown, 'DaemonGone');
  } finally {
    release();
    socket.destroy();
  }
}

/** As an AppError, whatever it was aborted with. */
function reasonOf(signal: AbortSignal): AppError {
  return toAppError(signal.reason, 'Aborted');
}
