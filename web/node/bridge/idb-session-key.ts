/** Owns this browser's pairing in IndexedDB: a non-extractable Ed25519 key. */
import { toBase64Url } from '../../../shared/base64url.ts';
import { AppError } from '../../../shared/errors.ts';
import type { NodeDatabase } from '../storage/database.ts';
import type { SessionKey, SessionKeyStore } from './session-key.ts';

export function createIdbSessionKeyStore(database: NodeDatabase): SessionKeyStore {
  return {
    load: async () => {
      const row = await database.get('session', 'session');
      return row && sessionKey(row.sessionId, row.privateKey);
    },
    create: async (register) => {
      const pair = await generate();
      const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
      const sessionId = await register(publicKey);
      await database.put('session', {
        id: 'session',
        sessionId,
        privateKey: pair.privateKey,
        publicKey: toBase64Url(publicKey),
      });
      return sessionKey(sessionId, pair.privateKey);
    },
  };
}

async function generate(): Promise<CryptoKeyPair> {
  try {
    // The DOM types know the name of this algorithm as text only, and so not what it gives.
    return (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  } catch (error) {
    throw new AppError('BrowserUnsupported', 'This browser cannot make Ed25519 keys.', { cause: error });
  }
}

function sessionKey(sessionId: string, privateKey: CryptoKey): SessionKey {
  return {
    sessionId,
    sign: async (message) =>
      new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, Uint8Array.from(message))),
  };
}
