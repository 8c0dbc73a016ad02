/** Owns proving that whoever claims a peer id holds its key, on this very socket. */
import { fromBase64Url, toBase64Url } from '../../shared/base64url.ts';
import { claimProof } from '../../shared/bridge/messages.ts';
import type { MethodParams } from '../../shared/bridge/protocol.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import type { SignatureVerifier } from '../../shared/signatures.ts';

/** Rejects with `ClaimInvalid`. `nonce` is the challenge of the socket, so that no claim can be replayed on another. */
export async function verifyClaim(
  { peerId, publicKey, signature }: MethodParams<'claim'>,
  nonce: string,
  verifier: SignatureVerifier,
): Promise<void> {
  const key = fromBase64Url(publicKey);
  const proof = fromBase64Url(signature);
  // One key has one text: the pin compares texts.
  const isCanonical = key !== undefined && key.length === 32 && toBase64Url(key) === publicKey;
  if (!isCanonical || proof === undefined) throw new AppError('ClaimInvalid', 'The claim has no proper key.');
  let valid: boolean;
  try {
    valid = await verifier.verify(key, claimProof(nonce, peerId, publicKey), proof);
  } catch (error) {
    throw toAppError(error, 'ClaimInvalid');
  }
  if (!valid) throw new AppError('ClaimInvalid', 'The claim is not signed with the key it names.');
}
