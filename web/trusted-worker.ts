/** Owns the one way to start a worker under Trusted Types; page and node worker each use it in their own realm. */

/** What the DOM library of TypeScript does not declare of Trusted Types, as far as it is used here. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

/** Built worker scripts: our own origin, a hashed name. */
const OUR_SCRIPT = /^\/assets\/[\w-]+\.js$/;

/** A realm may make a policy of one name only once. */
let policy: ReturnType<TrustedTypes['createPolicy']> | undefined;

/** Starts the module worker behind `url`, as `import url from './x.ts?worker&url'` gives it. Refuses any other URL. */
export function createTrustedWorker(url: string, name: string): Worker {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  policy ??= trustedTypes?.createPolicy('airc', { createScriptURL: ourScript }) ?? {
    createScriptURL: ourScript,
  };
  return new Worker(policy.createScriptURL(url), { type: 'module', name });
}

function ourScript(url: string): string {
  if (!OUR_SCRIPT.test(url)) throw new TypeError(`Not a worker of this product: ${url}`);
  return url;
}
