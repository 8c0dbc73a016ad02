/** A8: guessing, replaying and racing for the pairing code. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toBase64Url } from '../../shared/base64url.ts';
import { BRIDGE_VERSION, PAIRING_CODE_LIVES_MS } from '../../shared/bridge/limits.ts';
import { systemClock } from '../../shared/clock.ts';
import { systemRandom } from '../../shared/random.ts';
import { postPair, rawStatus, startTarget, type Target } from './harness.ts';

let nowMs = 1_000_000;
let target: Target;
beforeEach(async () => {
  target = await startTarget({ clock: { ...systemClock, nowMs: () => nowMs } });
});
afterEach(() => target.stop());

const someKey = (): string => toBase64Url(systemRandom.bytes(32));
const tryCode = async (code: string): Promise<string> => {
  const { status, body } = await postPair(target, { code, publicKey: someKey() });
  return status === 200 ? 'paired' : `${status} ${String(body['code'])}`;
};

describe('A8: the pairing code', () => {
  it('1000 guesses: locked after five, and the right code is locked with them', async () => {
    const { code } = target.server.issuePairing();
    const answers: string[] = [];
    for (let batch = 0; batch < 20; batch += 1) {
      const guesses = Array.from({ length: 50 }, () => toBase64Url(systemRandom.bytes(20)));
      answers.push(...(await Promise.all(guesses.map(tryCode))));
    }
    expect(answers.filter((answer) => answer === '403 PairingCodeWrong')).toHaveLength(4);
    expect(answers.filter((answer) => answer === '429 PairingLocked')).toHaveLength(996);
    expect(await tryCode(code)).toBe('410 PairingCodeExpired');
    expect(target.sessions.list()).toEqual([]);
    expect(target.logLines.join('\n')).toContain('"event":"pairing.refused"');
    expect(await tryCode(target.server.issuePairing().code)).toBe('paired');
  });

  it('works once', async () => {
    const { code } = target.server.issuePairing();
    expect(await tryCode(code)).toBe('paired');
    expect(await tryCode(code)).toBe('410 PairingCodeExpired');
    expect(target.sessions.list()).toHaveLength(1);
  });

  it('has one winner among many at once', async () => {
    const { code } = target.server.issuePairing();
    const answers = await Promise.all(Array.from({ length: 20 }, () => tryCode(code)));
    expect(answers.filter((answer) => answer === 'paired')).toHaveLength(1);
    expect(target.sessions.list()).toHaveLength(1);
    expect(target.logLines.filter((line) => line.includes('pairing.accepted'))).toHaveLength(1);
  });

  it('ends after its time', async () => {
    const { code } = target.server.issuePairing();
    nowMs += PAIRING_CODE_LIVES_MS;
    expect(await tryCode(code)).toBe('410 PairingCodeExpired');
  });

  it('is not spent by a request that is not one', async () => {
    const { code } = target.server.issuePairing();
    const publicKey = someKey();
    const wrong: [number, Record<string, unknown>, Record<string, string>?][] = [
      [400, { code, publicKey: 'short' }],
      [400, { code }],
      [400, { code, publicKey, label: 'x'.repeat(129) }],
      [409, { version: BRIDGE_VERSION + 1, code, publicKey }],
      [400, { code, publicKey }, { 'content-type': 'text/plain' }],
      [413, { code, publicKey, padding: 'x'.repeat(5_000) }],
      [403, { code, publicKey }, { origin: 'http://127.0.0.1:1' }],
    ];
    for (const [status, body, headers] of wrong) {
      expect((await postPair(target, body, headers)).status).toBe(status);
    }
    const lines = ['POST /api/pair HTTP/1.1', `Host: 127.0.0.1:${target.port}`, `Origin: ${target.origin}`];
    const depth = '['.repeat(2_000);
    const headers = ['Content-Type: application/json', `Content-Length: ${depth.length}`];
    expect(await rawStatus(target.port, [...lines, ...headers], depth)).toBe(400);
    expect(await tryCode(code)).toBe('paired');
  });
});
