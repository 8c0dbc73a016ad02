import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, type GuardedRequest, type Reach } from './guard.ts';

const ORIGIN = 'http://127.0.0.1:4747';
const OWN_HOST = ['Host', '127.0.0.1:4747'];
const REACH: Record<string, Reach> = {
  '/bridge': 'upgrade',
  '/api/pair': 'own-only',
  '/models/x': 'own-only',
};

function verdictOf(method: string, target: string, ...headers: string[]): string {
  const request: GuardedRequest = { method, target, rawHeaders: headers };
  const verdict = judge(request, ORIGIN, (path) => REACH[path] ?? 'page');
  return verdict.tag === 'refuse' ? `${verdict.status} ${verdict.reason}` : verdict.tag;
}

describe('judge', () => {
  it.each<[string, string, string, string[]]>([
    ['pass', 'GET', '/', OWN_HOST],
    ['pass', 'GET', '/?x=1', OWN_HOST],
    ['pass', 'HEAD', '/', [...OWN_HOST, 'Origin', ORIGIN]],
    ['pass', 'POST', '/api/pair', [...OWN_HOST, 'Origin', ORIGIN]],
    ['pass', 'GET', '/bridge', [...OWN_HOST, 'Origin', ORIGIN]],
    ['pass', 'GET', '/models/x', OWN_HOST],
    ['421 host', 'GET', '/', []],
    ['421 host', 'GET', '/', ['Host', 'evil.test:4747']],
    ['421 host', 'GET', '/', ['Host', '127.0.0.1']],
    ['421 host', 'GET', '/', ['Host', '127.0.0.1:4747.evil.test']],
    ['421 host', 'GET', '/', ['Host', '127.0.0.1.:4747']],
    ['421 host', 'GET', '/', ['Host', 'LOCALHOST:4747']],
    ['421 host', 'GET', '/', ['Host', '127.1:4747']],
    ['421 host', 'GET', '/', [...OWN_HOST, ...OWN_HOST]],
    ['421 host', 'GET', '/', [...OWN_HOST, 'host', 'evil.test']],
    ['421 host', 'GET', '/', ['Host', 'evil.test', 'X-Forwarded-Host', '127.0.0.1:4747']],
    ['redirect', 'GET', '/a?b', ['Host', 'localhost:4747']],
    ['421 host', 'HEAD', '/', ['Host', 'localhost:4747']],
    ['421 host', 'POST', '/api/pair', ['Host', 'localhost:4747']],
    ['421 host', 'GET', '/', ['Host', 'localhost:4747', 'Origin', 'http://localhost:4747']],
    ['421 host', 'GET', '//evil.test/', ['Host', 'localhost:4747']],
    ['400 target', 'GET', 'http://127.0.0.1:4747/', OWN_HOST],
    ['400 target', 'GET', '//evil.test/', OWN_HOST],
    ['400 target', 'GET', '/\\evil.test', OWN_HOST],
    ['400 target', 'OPTIONS', '*', OWN_HOST],
    ['414 target-length', 'GET', `/${'a'.repeat(4096)}`, OWN_HOST],
    ['405 method', 'TRACE', '/', OWN_HOST],
    ['405 method', 'OPTIONS', '/api/pair', OWN_HOST],
    ['405 method', 'DELETE', '/', OWN_HOST],
    ['403 origin', 'GET', '/', [...OWN_HOST, 'Origin', 'null']],
    ['403 origin', 'GET', '/', [...OWN_HOST, 'Origin', 'http://127.0.0.1:4748']],
    ['403 origin', 'GET', '/', [...OWN_HOST, 'Origin', 'http://localhost:4747']],
    ['403 origin', 'GET', '/', [...OWN_HOST, 'Origin', ORIGIN, 'Origin', ORIGIN]],
    ['403 origin-missing', 'POST', '/api/pair', OWN_HOST],
    ['403 origin-missing', 'PUT', '/uploads/x', OWN_HOST],
    ['403 origin-missing', 'GET', '/bridge', OWN_HOST],
    ['400 body', 'GET', '/', [...OWN_HOST, 'Content-Length', '5']],
    ['400 body', 'GET', '/', [...OWN_HOST, 'Transfer-Encoding', 'chunked']],
  ])('%s: %s %s', (expected, method, target, headers) => {
    expect(verdictOf(method, target, ...headers)).toBe(expected);
  });

  it.each<[string, string, string, string[]]>([
    ['pass', '/', 'same-origin', []],
    ['pass', '/', 'none', []],
    ['403 fetch-site', '/', 'cross-site', []],
    ['403 fetch-site', '/', 'same-site', ['Sec-Fetch-Mode', 'no-cors', 'Sec-Fetch-Dest', 'script']],
    ['pass', '/', 'cross-site', ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document']],
    ['403 fetch-site', '/', 'same-site', ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'iframe']],
    ['pass', '/models/x', 'same-origin', []],
    ['403 fetch-site', '/models/x', 'none', []],
    [
      '403 fetch-site',
      '/models/x',
      'same-site',
      ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document'],
    ],
    ['403 fetch-site', '/', 'same-origin', ['Sec-Fetch-Site', 'same-origin']],
  ])('%s: GET %s from %s', (expected, target, site, more) => {
    expect(verdictOf('GET', target, ...OWN_HOST, 'Sec-Fetch-Site', site, ...more)).toBe(expected);
  });

  it('redirects to our own origin only, whatever the target', () => {
    const target = fc.string({
      unit: fc.constantFrom('/', '\\', '@', ':', '.', '%2f', 'evil.test', '#', '?'),
    });
    fc.assert(
      fc.property(target, (text) => {
        const request = { method: 'GET', target: `/${text}`, rawHeaders: ['Host', 'localhost:4747'] };
        const verdict = judge(request, ORIGIN, () => 'page');
        return verdict.tag === 'redirect'
          ? new URL(verdict.location).origin === ORIGIN
          : verdict.tag === 'refuse';
      }),
    );
  });
});
