/** Owns `POST /api/pair`: a one-time code and a public key in, a session id out. */
import * as v from 'valibot';
import { fromBase64Url } from '../../shared/base64url.ts';
import { BRIDGE_VERSION } from '../../shared/bridge/limits.ts';
import { PairRequestSchema, type PairResultSchema } from '../../shared/bridge/protocol.ts';
import { AppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { Pairing } from '../sessions/pairing.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import { sendJson, type Exchange } from './exchange.ts';
import { MAX_PAIR_BODY_BYTES } from './limits.ts';
import { readSmallBody } from './request-body.ts';

export interface PairDeps {
  readonly pairing: Pairing;
  readonly sessions: SessionStore;
  readonly log: Logger;
}

/** Rejects with what {@link Pairing.redeem} throws, `ProtocolViolation`, `ProtocolVersionMismatch`, `HomeUnusable`. */
export async function pair(exchange: Exchange, { pairing, sessions, log }: PairDeps): Promise<void> {
  // A form of another page can send text/plain without asking, but never this type.
  const [type] = (exchange.request.headers['content-type'] ?? '').split(';');
  if (type?.trim().toLowerCase() !== 'application/json') {
    throw new AppError('ProtocolViolation', 'A pairing request is application/json.');
  }
  const request = parse(await readSmallBody(exchange, MAX_PAIR_BODY_BYTES));
  const publicKey = fromBase64Url(request.publicKey);
  if (publicKey?.length !== 32) throw new AppError('ProtocolViolation', 'The key is no Ed25519 public key.');
  const giveBack = pairing.redeem(request.code);
  const session = await sessions.add(publicKey, request.label).catch((error: unknown) => {
    giveBack();
    throw error;
  });
  log.log('info', 'pairing.accepted', { sessionId: session.id, label: session.label });
  const result: v.InferOutput<typeof PairResultSchema> = { sessionId: session.id };
  sendJson(exchange, 200, result);
}

const VersionSchema = v.object({ version: v.number() });

function parse(body: Buffer): v.InferOutput<typeof PairRequestSchema> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new AppError('ProtocolViolation', 'The pairing request is not JSON.', { cause: error });
  }
  // Before the rest is read: another version may have another shape.
  const version = v.safeParse(VersionSchema, value);
  if (version.success && version.output.version !== BRIDGE_VERSION) {
    throw new AppError(
      'ProtocolVersionMismatch',
      `The page speaks version ${version.output.version}, the companion version ${BRIDGE_VERSION}.`,
    );
  }
  const request = v.safeParse(PairRequestSchema, value);
  if (!request.success) throw new AppError('ProtocolViolation', 'The pairing request is malformed.');
  return request.output;
}
