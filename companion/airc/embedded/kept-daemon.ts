/** Owns that the built-in daemon is there for as long as the companion is: one that a client ended is started again. */
import { toAppError } from '../../../shared/errors.ts';
import { startEmbeddedDaemon, type EmbeddedDaemon, type EmbeddedDaemonOptions } from './embedded-daemon.ts';

/** Rejects like `startEmbeddedDaemon`, at the first start only; a later one that fails is logged, and `status` says so. */
export async function keepEmbeddedDaemon(
  options: EmbeddedDaemonOptions,
): Promise<Pick<EmbeddedDaemon, 'close'>> {
  let isClosing = false;
  let daemon = await startEmbeddedDaemon(options);
  const keep = async (): Promise<void> => {
    for (;;) {
      await daemon.ended;
      if (isClosing) return;
      daemon = await startEmbeddedDaemon(options);
      options.log.log('info', 'embedded.started-again', { socketPath: options.socketPath });
    }
  };
  const kept = keep().catch((error: unknown) => {
    options.log.log('error', 'embedded.not-started-again', { message: toAppError(error).message });
  });
  return {
    close: async () => {
      isClosing = true;
      await daemon.close();
      await kept;
      // One that was started while this one closed.
      await daemon.close();
    },
  };
}
