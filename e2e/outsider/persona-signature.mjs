/** Owns checking that what somebody said was signed by her key, from the description of the `x-persona.*` headers alone. */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { chatTextOf } from './envelope.mjs';

/** What the headers say and whether the Ed25519 signature fits room, author, message id, time and text. */
export function checkSignature({ peer_id: peerId, channel, headers, payload }) {
  const read = (name) => headers[`x-persona.${name}`] ?? '';
  const text = chatTextOf(payload) ?? '';
  const said = { mid: read('mid'), kind: read('kind'), name: read('name'), role: read('role') };
  const signed = lengthPrefixed([
    read('v'),
    peerId,
    channel,
    said.mid,
    read('at'),
    said.kind,
    said.name,
    said.role,
    createHash('sha256').update(text, 'utf8').digest(),
  ]);
  return { valid: fits(read('key'), signed, read('sig')), key: read('key'), ...said };
}

function fits(key, signed, signature) {
  try {
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key }, format: 'jwk' });
    return verify(null, signed, publicKey, Buffer.from(signature, 'base64url'));
  } catch {
    // No key, or none of this kind.
    return false;
  }
}

/** Every part behind its length, 4 bytes big-endian, so that no two lists of parts look alike. */
function lengthPrefixed(parts) {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
