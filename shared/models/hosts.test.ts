import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { HostSchema, isAllowedHost } from './hosts.ts';

describe('hosts of models', () => {
  it.each([
    'https://models.example',
    'https://models.example:8443',
    'http://127.0.0.1:8000',
    'http://localhost',
  ])('may be %s', (host) => {
    expect(v.is(HostSchema, host)).toBe(true);
  });

  it.each([
    'http://models.example',
    'https://*',
    'https://*.example',
    'https://a.example/path',
    "https://a.example; script-src 'unsafe-inline'",
    'https://a.example https://b.example',
    'https://A.example',
    "'unsafe-inline'",
    'data:',
    'http://169.254.169.254',
    '',
  ])('may not be %s, which a policy would read as more', (host) => {
    expect(v.is(HostSchema, host)).toBe(false);
  });

  it('are allowed as the policy of the worker allows them', () => {
    const approved = ['https://models.example'];
    expect(isAllowedHost('https://huggingface.co/a/b', [])).toBe(true);
    expect(isAllowedHost('https://cas-bridge.xethub.hf.co/x', [])).toBe(true);
    expect(isAllowedHost('https://models.example/a.gguf', approved)).toBe(true);
    for (const url of [
      'https://hf.co.evil.example/',
      'http://huggingface.co/',
      'https://models.example:1/',
      'https://evilhf.co/',
    ])
      expect(isAllowedHost(url, approved)).toBe(false);
  });
});
