import { describe, expect, it } from 'vitest';
import { missingFeatures, type BrowserRealm } from './required-features.ts';

const whole: BrowserRealm = {
  isSecureContext: true,
  Worker: class {},
  indexedDB: {},
  trustedTypes: {},
  WebAssembly: {},
  navigator: { locks: {}, storage: { getDirectory: () => undefined }, userAgentData: {} },
  crypto: { subtle: globalThis.crypto.subtle },
};

describe('missingFeatures', () => {
  it('finds nothing missing in a browser that has everything', async () => {
    expect(await missingFeatures(whole)).toEqual([]);
  });

  it('names what an older or another browser lacks, in one list', async () => {
    const older = { ...whole, trustedTypes: undefined };
    const navigator = { ...whole.navigator, userAgentData: undefined };
    const refusing = {
      generateKey: () => Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError')),
    };
    expect(await missingFeatures({ ...older, navigator, crypto: { subtle: refusing } })).toEqual([
      'the Chromium engine',
      'Trusted Types',
      'Ed25519 keys',
      'X25519 keys',
    ]);
  });

  it('survives a browser that has nothing', async () => {
    expect(await missingFeatures({ navigator: {} })).toHaveLength(10);
  });
});
