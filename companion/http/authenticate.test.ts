import { describe, expect, it } from 'vitest';
import { greeting, makeKeys } from '../../e2e/attacks/harness.ts';
import { toBase64Url } from '../../shared/base64url.ts';
import { AUTHENTICATE_WITHIN_MS } from '../../shared/bridge/limits.ts';
import type { Link } from '../../shared/bridge/link.ts';
import { systemClock, type Clock } from '../../shared/clock.ts';
import { systemRandom } from '../../shared/random.ts';
import { webCryptoVerifier } from '../../shared/signatures.ts';
import { authenticate } from './authenticate.ts';

const ORIGIN = 'http://127.0.0.1:4747';

async function setUp(clock: Clock = systemClock) {
  const keys = await makeKeys();
  const session = {
    id: 'the-session',
    publicKey: toBase64Url(keys.publicKey),
    label: '',
    createdAtMs: 0,
    lastSeenAtMs: 0,
  };
  const known = new Map([[session.id, session]]);
  const sent: string[] = [];
  const link: Link = {
    send: (text) => sent.push(text),
    bufferedBytes: 0,
    close: () => undefined,
    onMessage: () => undefined,
    onClose: () => undefined,
  };
  const result = authenticate(link, {
    origin: ORIGIN,
    sessions: { find: (id) => known.get(id) },
    verifier: webCryptoVerifier,
    clock,
    random: systemRandom,
  });
  const { nonce } = JSON.parse(sent[0] ?? '{}') as { nonce: string };
  const proof = await greeting({ origin: ORIGIN }, { sessionId: session.id, keys }, nonce);
  return { link, result, nonce, proof, known };
}

describe('authenticate', () => {
  it('resolves with the session and the nonce it proved', async () => {
    const { link, result, nonce, proof } = await setUp();
    link.onMessage(proof);
    expect(await result).toEqual({ sessionId: 'the-session', nonce });
  });

  it('refuses a message between the greeting and ready', async () => {
    const { link, result, proof } = await setUp();
    link.onMessage(proof);
    link.onMessage('{"type":"ping","sentAtMs":1}');
    await expect(result).rejects.toMatchObject({ code: 'ProtocolViolation' });
  });

  it('refuses a session that is revoked while its signature is checked', async () => {
    const { link, result, proof, known } = await setUp();
    link.onMessage(proof);
    known.clear();
    await expect(result).rejects.toMatchObject({ code: 'SessionUnknown' });
  });

  it('gives up when the socket closes, before or after the greeting', async () => {
    const before = await setUp();
    before.link.onClose(1006, '');
    await expect(before.result).rejects.toMatchObject({ code: 'Aborted' });
    const after = await setUp();
    after.link.onMessage(after.proof);
    after.link.onClose(1006, '');
    await expect(after.result).rejects.toMatchObject({ code: 'Aborted' });
  });

  it('gives up on silence, and leaves no timer behind once it is broken', async () => {
    const timers: { delayMs: number; fire: () => void; cancelled: boolean }[] = [];
    const clock: Clock = {
      ...systemClock,
      after: (delayMs, fire) => {
        const timer = { delayMs, fire, cancelled: false };
        timers.push(timer);
        return () => (timer.cancelled = true);
      },
    };
    const silent = await setUp(clock);
    expect(timers[0]?.delayMs).toBe(AUTHENTICATE_WITHIN_MS);
    timers[0]?.fire();
    await expect(silent.result).rejects.toMatchObject({ code: 'SessionUnknown' });
    const speaking = await setUp(clock);
    speaking.link.onMessage(speaking.proof);
    await speaking.result;
    expect(timers[1]?.cancelled).toBe(true);
  });
});
