import { describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../../shared/base64url.ts';
import { readHeaders, signHeaders } from '../../../shared/persona/signed-headers.ts';
import { systemRandom } from '../../../shared/random.ts';
import { webCryptoVerifier } from '../../../shared/signatures.ts';
import { createRecoveryCode } from './recovery-code.ts';
import { createWebIdentityCrypto } from './web-identity-crypto.ts';

const ID_OTHER = '00000000-0000-4000-8000-000000000001';
const PEER = '9d17560c-dbb4-4f9e-86f0-4ceac5d2aff7';
const identityCrypto = createWebIdentityCrypto(systemRandom);
const code = createRecoveryCode(systemRandom);
const household = await identityCrypto.createHousehold(code);
const citizen = await identityCrypto.createCitizen(PEER, household.publicKey);
const other = await identityCrypto.createHousehold(createRecoveryCode(systemRandom));

/** The text with its first byte changed. */
const flipped = (text: string): string => {
  const bytes = fromBase64Url(text) ?? new Uint8Array();
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return toBase64Url(bytes);
};

describe('identity cryptography', () => {
  it('keeps private keys from being exported', async () => {
    for (const key of [citizen.privateKey, household.signingKey]) {
      expect(key.extractable).toBe(false);
      await expect(crypto.subtle.exportKey('pkcs8', key)).rejects.toThrow();
    }
  });

  it('signs what a reader of the room accepts, and nothing else', async () => {
    const signer = identityCrypto.signer(citizen.publicKey, citizen.privateKey);
    const saying = {
      peerId: PEER,
      channel: PEER,
      mid: PEER,
      atMs: 1,
      kind: 'persona',
      name: 'Maya',
      role: 'helper',
      text: 'Hello',
    } as const;
    const headers = await signHeaders(saying, signer, webCryptoVerifier);
    expect(await readHeaders({ ...saying, headers }, webCryptoVerifier)).toMatchObject({ state: 'valid' });
    for (const changed of [{ text: 'Hullo' }, { channel: ID_OTHER }, { peerId: ID_OTHER }]) {
      expect(await readHeaders({ ...saying, ...changed, headers }, webCryptoVerifier)).toMatchObject({
        state: 'invalid',
      });
    }
    for (const name of headers.keys()) {
      const forged = new Map(headers).set(name, `${headers.get(name)}1`);
      expect(await readHeaders({ ...saying, headers: forged }, webCryptoVerifier)).toMatchObject({
        state: 'invalid',
      });
    }
  });

  it('moves a citizen to another household with the code: the same key pair, still not exportable', async () => {
    const open = await identityCrypto.openHousehold(household, code.toLowerCase());
    const moved = await open.moveCitizen({ peerId: PEER, ...citizen }, other.publicKey);
    expect(moved.publicKey).toBe(citizen.publicKey);
    expect(moved.privateKey.extractable).toBe(false);
    expect(moved.sealed).not.toEqual(citizen.sealed);
    const sign = (key: CryptoKey) => identityCrypto.signer(citizen.publicKey, key).sign(new Uint8Array([1]));
    expect(await sign(moved.privateKey)).toEqual(await sign(citizen.privateKey));
    // The old household has no part in it any more.
    await expect(open.moveCitizen({ peerId: PEER, ...moved }, other.publicKey)).rejects.toMatchObject({
      code: 'BackupMalformed',
    });
  });

  it('refuses a wrong code', async () => {
    const wrong = createRecoveryCode(systemRandom);
    await expect(identityCrypto.openHousehold(household, wrong)).rejects.toMatchObject({
      code: 'BackupCodeWrong',
    });
  });

  it.each(['salt', 'nonce', 'ciphertext'] as const)('refuses a changed %s of the lock', async (field) => {
    const { lockedPrivateKey } = household;
    const changed = { ...lockedPrivateKey, [field]: flipped(lockedPrivateKey[field]) };
    await expect(
      identityCrypto.openHousehold({ ...household, lockedPrivateKey: changed }, code),
    ).rejects.toMatchObject({ code: 'BackupCodeWrong' });
  });

  it.each(['publicKey', 'signingPublicKey'] as const)('refuses another %s beside the lock', async (field) => {
    await expect(
      identityCrypto.openHousehold({ ...household, [field]: other[field] }, code),
    ).rejects.toMatchObject({ code: 'BackupCodeWrong' });
  });

  it.each([0, 599_999, 5_000_001, Number.NaN])('refuses %s iterations without trying', async (iterations) => {
    const lockedPrivateKey = { ...household.lockedPrivateKey, iterations };
    await expect(
      identityCrypto.openHousehold({ ...household, lockedPrivateKey }, code),
    ).rejects.toMatchObject({ code: 'BackupMalformed' });
  });

  it('refuses a sealed key that was changed, or put under another id or public key', async () => {
    const open = await identityCrypto.openHousehold(household, code);
    const stranger = await identityCrypto.createCitizen(ID_OTHER, household.publicKey);
    const { sealed } = citizen;
    const forgeries = [
      ...(['ephemeralPublicKey', 'nonce', 'ciphertext'] as const).map((field) => ({
        sealed: { ...sealed, [field]: flipped(sealed[field]) },
      })),
      { sealed: stranger.sealed },
      { peerId: ID_OTHER },
      { publicKey: stranger.publicKey },
    ];
    for (const forgery of forgeries) {
      await expect(
        open.moveCitizen({ peerId: PEER, ...citizen, ...forgery }, other.publicKey),
      ).rejects.toMatchObject({ code: 'BackupMalformed' });
    }
  });
});
