/** Owns what the browser must have before anything of the product is loaded: asked of the browser, not of its name. */

/** The part of a browser's global object that is asked; everything may be missing. */
export interface BrowserRealm {
  readonly isSecureContext?: boolean;
  readonly Worker?: unknown;
  readonly indexedDB?: unknown;
  readonly trustedTypes?: unknown;
  readonly WebAssembly?: unknown;
  readonly navigator: {
    readonly locks?: unknown;
    readonly storage?: { readonly getDirectory?: unknown };
    readonly userAgentData?: unknown;
  };
  readonly crypto?: { readonly subtle?: Pick<SubtleCrypto, 'generateKey'> };
}

interface Feature {
  /** As the person reads it. */
  readonly name: string;
  isThere(realm: BrowserRealm): unknown;
}

const FEATURES: readonly Feature[] = [
  { name: 'a secure context', isThere: (realm) => realm.isSecureContext },
  // The one engine whose GPU, storage and key handling this is tested on.
  { name: 'the Chromium engine', isThere: (realm) => realm.navigator.userAgentData },
  { name: 'module workers', isThere: (realm) => realm.Worker },
  { name: 'Web Locks', isThere: (realm) => realm.navigator.locks },
  { name: 'IndexedDB', isThere: (realm) => realm.indexedDB },
  { name: 'private files (OPFS)', isThere: (realm) => realm.navigator.storage?.getDirectory },
  { name: 'Trusted Types', isThere: (realm) => realm.trustedTypes },
  { name: 'WebAssembly', isThere: (realm) => realm.WebAssembly },
  { name: 'Ed25519 keys', isThere: (realm) => canMakeKey(realm, 'Ed25519', ['sign', 'verify']) },
  { name: 'X25519 keys', isThere: (realm) => canMakeKey(realm, 'X25519', ['deriveBits']) },
];

/** Names of what is missing; empty where the product can run. */
export async function missingFeatures(realm: BrowserRealm): Promise<readonly string[]> {
  const answers = await Promise.all(FEATURES.map((feature) => feature.isThere(realm)));
  return FEATURES.filter((_feature, index) => !answers[index]).map(({ name }) => name);
}

async function canMakeKey(realm: BrowserRealm, algorithm: string, usages: KeyUsage[]): Promise<boolean> {
  try {
    await realm.crypto?.subtle?.generateKey({ name: algorithm }, false, usages);
    return realm.crypto?.subtle !== undefined;
  } catch {
    // However it refuses: there are no such keys here.
    return false;
  }
}
