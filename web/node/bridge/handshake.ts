/** Owns the opening of a socket: challenge, proof, ready. */
import type { Clock } from '../../../shared/clock.ts';
import { toBase64Url } from '../../../shared/base64url.ts';
import { AppError, fromWireError } from '../../../shared/errors.ts';
import { BRIDGE_VERSION, CLOSE, LINK_DEAD_AFTER_MS } from '../../../shared/bridge/limits.ts';
import type { LinkDialer } from '../../../shared/bridge/link.ts';
import { sessionProof } from '../../../shared/bridge/messages.ts';
import type { DownMessage } from '../../../shared/bridge/protocol.ts';
import { BridgeSession } from './bridge-session.ts';
import { parseDown } from './parse-down.ts';
import type { SessionKey } from './session-key.ts';

/**
 * One try. Rejects with `BridgeDown`, `BridgeTimeout`, `ProtocolVersionMismatch`, `ProtocolViolation`, or what the
 * companion refuses with (`SessionUnknown`).
 */
export async function openSession(
  dialer: LinkDialer,
  key: SessionKey,
  clock: Clock,
  signal: AbortSignal,
): Promise<BridgeSession> {
  const link = await dialer.dial(signal);
  return new Promise((resolve, reject) => {
    let nonce: string | undefined;
    const settle = (): void => {
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
      link.onMessage = () => undefined;
      link.onClose = () => undefined;
    };
    const refuse = (error: Error, code: number = CLOSE.protocol): void => {
      settle();
      link.close(code, error instanceof AppError ? error.code : 'Aborted');
      reject(error);
    };
    const cancelTimer = clock.after(LINK_DEAD_AFTER_MS, () => {
      refuse(new AppError('BridgeTimeout', 'The companion did not finish the greeting in time.'));
    });
    const onAbort = (): void => {
      refuse(signal.reason as Error, CLOSE.shutdown);
    };
    signal.addEventListener('abort', onAbort, { once: true });

    const answerChallenge = async (challenge: Extract<DownMessage, { type: 'challenge' }>): Promise<void> => {
      const signature = await key.sign(sessionProof(dialer.origin, challenge.nonce, key.sessionId));
      link.send(
        JSON.stringify({
          type: 'authenticate',
          version: BRIDGE_VERSION,
          sessionId: key.sessionId,
          signature: toBase64Url(signature),
        }),
      );
    };
    link.onClose = (code, reason) => {
      refuse(new AppError('BridgeDown', `The companion closed the connection (${code} ${reason}).`));
    };
    link.onMessage = (text) => {
      const message = parseDown(text);
      if (message?.type === 'refused') {
        refuse(fromWireError(message.error));
      } else if (message?.type === 'challenge' && nonce === undefined) {
        if (message.version !== BRIDGE_VERSION) {
          refuse(
            new AppError(
              'ProtocolVersionMismatch',
              `The companion speaks version ${message.version}, this page version ${BRIDGE_VERSION}.`,
            ),
          );
          return;
        }
        nonce = message.nonce;
        answerChallenge(message).catch((error: unknown) => {
          refuse(new AppError('BridgeDown', 'The greeting could not be answered.', { cause: error }));
        });
      } else if (message?.type === 'ready' && nonce !== undefined) {
        settle();
        resolve(new BridgeSession(link, nonce, message, clock));
      } else {
        refuse(new AppError('ProtocolViolation', 'The companion did not keep to the greeting.'));
      }
    };
  });
}
