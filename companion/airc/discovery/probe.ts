/** Owns the question whether a daemon of the right version answers at a socket. */
import type { Clock } from '../../../shared/clock.ts';
import { AppError, toAppError } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/log.ts';
import { IPC_PROTOCOL_VERSION } from '../ipc-version.ts';
import { SocketClient } from '../socket-client.ts';

const PROBE_WITHIN_MS = 250;
/** A daemon that was just started, or a machine under load, may need more than one. */
const PROBES = 4;

export interface ProbeDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Rejects with `DaemonUnreachable`, `DaemonVersionMismatch`, or what shows that it is no daemon at all. */
export async function requireDaemon(path: string, { clock, log, signal }: ProbeDeps): Promise<void> {
  const client = new SocketClient({ path, clock, log, answerWithinMs: PROBE_WITHIN_MS });
  for (let tries = 1; ; tries += 1) {
    try {
      const { ipcProtocolVersion: version } = await client.status(signal);
      if (version === IPC_PROTOCOL_VERSION) return;
      throw new AppError(
        'DaemonVersionMismatch',
        `The daemon at ${path} speaks IPC version ${version ?? 'unknown'}; this is version ${IPC_PROTOCOL_VERSION}.`,
      );
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toAppError(thrown);
      if (error.code !== 'DaemonGone') throw error;
      if (tries < PROBES) continue;
      throw new AppError('DaemonUnreachable', `What listens at ${path} does not answer.`, { cause: error });
    }
  }
}

/** False where nothing listens, or nothing that answers. Rejects like `requireDaemon` otherwise. */
export async function isDaemonUp(path: string, deps: ProbeDeps): Promise<boolean> {
  try {
    await requireDaemon(path, deps);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'DaemonUnreachable') return false;
    throw error;
  }
}
