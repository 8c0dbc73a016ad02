import { describe, expect, it } from 'vitest';
import { fromBase64Url } from '../../../shared/base64url.ts';
import { pairBrowser, type PairingDeps } from './pairing.ts';
import type { SessionKeyStore } from './session-key.ts';

function setUp(answer: () => Promise<Response>) {
  const requests: { url: string; body: unknown }[] = [];
  const kept: string[] = [];
  const store: SessionKeyStore = {
    load: () => Promise.resolve(undefined),
    create: async (register) => {
      const sessionId = await register(new Uint8Array(32).fill(7));
      kept.push(sessionId);
      return { sessionId, sign: (message) => Promise.resolve(message) };
    },
  };
  const deps: PairingDeps = {
    origin: 'http://127.0.0.1:4747',
    fetch: (url, init) => {
      requests.push({ url: url as string, body: JSON.parse(init?.body as string) });
      return answer();
    },
    store,
    label: 'Chrome 156 on Linux',
  };
  return { deps, requests, kept };
}

const json = (status: number, body: unknown) => () =>
  Promise.resolve(new Response(JSON.stringify(body), { status }));

describe('pairBrowser', () => {
  it('registers the public half of a fresh key and keeps the session', async () => {
    const { deps, requests, kept } = setUp(json(200, { sessionId: 's1' }));
    expect((await pairBrowser('code', deps)).sessionId).toBe('s1');
    expect(kept).toEqual(['s1']);
    const { url, body } = requests[0] ?? {};
    expect(url).toBe('http://127.0.0.1:4747/api/pair');
    expect(body).toMatchObject({ version: 1, code: 'code', label: 'Chrome 156 on Linux' });
    expect(fromBase64Url((body as { publicKey: string }).publicKey)).toHaveLength(32);
  });

  it.each([
    ['a wrong code', json(403, { code: 'PairingCodeWrong', message: 'no' }), 'PairingCodeWrong'],
    ['a stale link', json(410, { code: 'PairingCodeExpired', message: 'old' }), 'PairingCodeExpired'],
    ['a refusal that is no error of ours', json(500, { oops: true }), 'ProtocolViolation'],
    ['an answer that is not JSON', () => Promise.resolve(new Response('<html>')), 'ProtocolViolation'],
    ['nobody there', () => Promise.reject(new TypeError('failed to fetch')), 'BridgeDown'],
  ])('names %s, and keeps nothing', async (_what, answer, code) => {
    const { deps, kept } = setUp(answer);
    await expect(pairBrowser('code', deps)).rejects.toMatchObject({ code });
    expect(kept).toEqual([]);
  });
});
