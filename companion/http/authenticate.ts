/** Owns the opening of a socket: one challenge, one signed answer, in time; the proof is good for this socket only. */
import * as v from 'valibot';
import { fromBase64Url, toBase64Url } from '../../shared/base64url.ts';
import { AUTHENTICATE_WITHIN_MS, BRIDGE_VERSION } from '../../shared/bridge/limits.ts';
import type { Link } from '../../shared/bridge/link.ts';
import { sessionProof } from '../../shared/bridge/messages.ts';
import { UpMessageSchema, type DownMessage } from '../../shared/bridge/protocol.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import type { RandomSource } from '../../shared/random.ts';
import type { SignatureVerifier } from '../../shared/signatures.ts';
import type { Session } from '../sessions/session-file.ts';
import { MAX_AUTHENTICATE_BYTES } from './limits.ts';

export interface AuthenticateDeps {
  readonly origin: string;
  readonly sessions: { find(sessionId: string): Session | undefined };
  readonly verifier: SignatureVerifier;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** Who is at the other end, and the challenge that a later `claim` on the same socket signs too. */
export interface Authenticated {
  readonly sessionId: string;
  readonly nonce: string;
}

/**
 * Sends the challenge and takes exactly one message. Rejects with `SessionUnknown` (also for silence and for a wrong
 * signature: a stranger learns nothing), `ProtocolVersionMismatch`, `ProtocolViolation`, or `Aborted` when the socket
 * closed. Uses the link's handlers; on success no message has arrived after the proof.
 */
export async function authenticate(link: Link, deps: AuthenticateDeps): Promise<Authenticated> {
  const nonce = toBase64Url(deps.random.bytes(32));
  const state = { answered: false, early: false, closed: false };
  const answer = await new Promise<string>((resolve, reject) => {
    const cancel = deps.clock.after(AUTHENTICATE_WITHIN_MS, () => {
      reject(new AppError('SessionUnknown', 'The socket did not authenticate in time.'));
    });
    link.onMessage = (text) => {
      // A page waits for `ready`; whatever comes before it would be handled by nobody.
      state.early = state.answered;
      state.answered = true;
      cancel();
      resolve(text);
    };
    link.onClose = () => {
      state.closed = true;
      cancel();
      reject(new AppError('Aborted', 'The socket closed.'));
    };
    const challenge: DownMessage = { type: 'challenge', version: BRIDGE_VERSION, nonce };
    link.send(JSON.stringify(challenge));
  });
  const sessionId = await verify(answer, nonce, deps);
  if (state.closed) throw new AppError('Aborted', 'The socket closed.');
  if (state.early) throw new AppError('ProtocolViolation', 'A message came before the socket was ready.');
  return { sessionId, nonce };
}

async function verify(text: string, nonce: string, deps: AuthenticateDeps): Promise<string> {
  const message = parse(text);
  const signature = fromBase64Url(message.signature);
  const session = deps.sessions.find(message.sessionId);
  const publicKey = fromBase64Url(session?.publicKey ?? '');
  const refused = new AppError('SessionUnknown', 'This browser is not paired with this companion.');
  if (session === undefined || publicKey === undefined || signature === undefined) throw refused;
  const proof = sessionProof(deps.origin, nonce, session.id);
  let valid: boolean;
  try {
    valid = await deps.verifier.verify(publicKey, proof, signature);
  } catch (error) {
    throw toAppError(error, 'SessionUnknown');
  }
  // Looked up again: it may have been revoked while the signature was checked.
  if (!valid || deps.sessions.find(session.id) === undefined) throw refused;
  return session.id;
}

const GreetingSchema = v.object({ type: v.literal('authenticate'), version: v.number() });

function parse(text: string): { sessionId: string; signature: string } {
  if (text.length > MAX_AUTHENTICATE_BYTES)
    throw new AppError('ProtocolViolation', 'The greeting is too long.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError('ProtocolViolation', 'The greeting is not JSON.', { cause: error });
  }
  // Before the rest is read: another version may have another shape.
  const greeting = v.safeParse(GreetingSchema, value);
  if (greeting.success && greeting.output.version !== BRIDGE_VERSION) {
    throw new AppError(
      'ProtocolVersionMismatch',
      `The page speaks version ${greeting.output.version}, the companion version ${BRIDGE_VERSION}.`,
    );
  }
  const message = v.safeParse(UpMessageSchema, value);
  if (!message.success || message.output.type !== 'authenticate') {
    throw new AppError('ProtocolViolation', 'The first message is not a greeting.');
  }
  return message.output;
}
