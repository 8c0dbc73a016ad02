/** Owns pairing this browser with the companion: the one-time code of the link against a key of our own. */
import * as v from 'valibot';
import { toBase64Url } from '../../../shared/base64url.ts';
import { AppError, fromWireError } from '../../../shared/errors.ts';
import { BRIDGE_VERSION } from '../../../shared/bridge/limits.ts';
import { WireErrorSchema } from '../../../shared/bridge/messages.ts';
import { PairResultSchema, PATHS } from '../../../shared/bridge/protocol.ts';
import type { SessionKey, SessionKeyStore } from './session-key.ts';

export interface PairingDeps {
  readonly origin: string;
  readonly fetch: typeof fetch;
  readonly store: SessionKeyStore;
  /** How the status command lists this browser, at most 128 characters. */
  readonly label: string;
}

/** Rejects with `PairingCodeWrong`, `PairingCodeExpired`, `PairingLocked`, `BridgeDown` or `ProtocolViolation`. */
export function pairBrowser(code: string, deps: PairingDeps): Promise<SessionKey> {
  return deps.store.create(async (publicKey) => {
    const request = {
      version: BRIDGE_VERSION,
      code: code.slice(0, 64),
      publicKey: toBase64Url(publicKey),
      label: deps.label.slice(0, 128),
    };
    const { ok, body } = await post(deps, JSON.stringify(request));
    if (!ok) {
      const refusal = v.safeParse(WireErrorSchema, body);
      throw refusal.success
        ? fromWireError(refusal.output)
        : new AppError('ProtocolViolation', "The companion's refusal to pair is malformed.");
    }
    const result = v.safeParse(PairResultSchema, body);
    if (!result.success)
      throw new AppError('ProtocolViolation', "The companion's answer to pairing is malformed.");
    return result.output.sessionId;
  });
}

async function post(deps: PairingDeps, body: string): Promise<{ ok: boolean; body: unknown }> {
  let answer: Response;
  try {
    answer = await deps.fetch(`${deps.origin}${PATHS.pair}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  } catch (error) {
    throw new AppError('BridgeDown', 'The companion does not answer.', { cause: error });
  }
  const text = await answer.text();
  try {
    return { ok: answer.ok, body: JSON.parse(text) };
  } catch {
    // Whatever is not JSON fails the schema of the caller.
    return { ok: answer.ok, body: undefined };
  }
}
