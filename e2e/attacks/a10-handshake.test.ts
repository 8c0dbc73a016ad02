/** A10 and the socket's states: proofs are good for one socket, come first, come once, and come in time. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { toBase64Url } from '../../shared/base64url.ts';
import { BRIDGE_VERSION } from '../../shared/bridge/limits.ts';
import {
  greeting,
  makeKeys,
  nonceOf,
  openProbe,
  openReady,
  pairOnce,
  startTarget,
  type Keys,
  type Probe,
  type Target,
} from './harness.ts';

let target: Target;
let who: { sessionId: string; keys: Keys };
const probes: Probe[] = [];
beforeAll(async () => {
  target = await startTarget();
  who = await pairOnce(target);
});
afterEach(() => {
  for (const probe of probes.splice(0)) probe.socket.terminate();
});
afterAll(() => target.stop());

function probeOnce(): Probe {
  const probe = openProbe(target);
  probes.push(probe);
  return probe;
}

/** What the companion answers to these messages after its challenge, and how it closes. */
async function answerTo(...messages: (string | Buffer)[]): Promise<string> {
  const probe = probeOnce();
  await nonceOf(probe);
  for (const message of messages) probe.socket.send(message);
  const { code } = await probe.closed;
  const refused = JSON.parse(probe.messages[1] ?? '{}') as { type?: string; error?: { code: string } };
  return `${code} ${refused.error?.code ?? ''}`.trim();
}

describe('the opening of a socket', () => {
  it('each socket has its own nonce, and a recorded proof is worth nothing on another', async () => {
    const first = probeOnce();
    const second = probeOnce();
    const recorded = await greeting(target, who, await nonceOf(first));
    expect(await nonceOf(second)).not.toBe(await nonceOf(first));
    second.socket.send(recorded);
    expect((await second.closed).code).toBe(4001);
    first.socket.send(recorded);
    expect(await first.message(1)).toBe('ready');
  });

  it("does not take another key's signature, nor another session's id, nor another origin's proof", async () => {
    const stranger = { sessionId: who.sessionId, keys: await makeKeys() };
    const nobody = { sessionId: 'nobody', keys: who.keys };
    const elsewhere = { origin: 'http://127.0.0.1:1' };
    for (const [at, from] of [
      [target, stranger],
      [target, nobody],
      [elsewhere, who],
    ] as const) {
      const probe = probeOnce();
      probe.socket.send(await greeting(at, from, await nonceOf(probe)));
      expect(JSON.parse(await probe.message(1))).toMatchObject({ error: { code: 'SessionUnknown' } });
      expect((await probe.closed).code).toBe(4001);
    }
  });

  it('names the other version, also when the rest of the greeting is strange', async () => {
    const future = JSON.stringify({ type: 'authenticate', version: BRIDGE_VERSION + 1, proof: {} });
    expect(await answerTo(future)).toBe('4002 ProtocolVersionMismatch');
  });

  it.each([
    ['nonsense'],
    ['{}'],
    ['[]'],
    ['null'],
    ['{"type":"ping","sentAtMs":1}'],
    [JSON.stringify({ type: 'request', id: 1, method: 'claim', params: {} })],
    [JSON.stringify({ type: 'authenticate', version: BRIDGE_VERSION, sessionId: 1, signature: 'x' })],
    ['x'.repeat(5_000)],
    ['['.repeat(4_000)],
  ])('takes nothing but the greeting first: %.30s', async (message) => {
    expect(await answerTo(message)).toBe('4002 ProtocolViolation');
  });

  it('takes no binary message', async () => {
    expect(await answerTo(Buffer.from('{}'))).toBe('4002');
  });

  it('closes a socket that never speaks within three seconds', async () => {
    const probe = probeOnce();
    expect(await probe.closed).toEqual({ code: 4001, reason: 'SessionUnknown' });
  });

  it('a revoked session cannot come back', async () => {
    const other = await pairOnce(target);
    const probe = await openReady(target, other);
    await target.sessions.revoke(other.sessionId);
    expect((await probe.closed).code).toBe(4001);
    const again = probeOnce();
    again.socket.send(await greeting(target, other, await nonceOf(again)));
    expect((await again.closed).code).toBe(4001);
  });

  it('has told the log about refusals, and no proof or key', () => {
    const log = target.logLines.join('\n');
    expect(log).toContain('"event":"socket.refused"');
    expect(log).not.toContain(toBase64Url(who.keys.publicKey));
  });
});
