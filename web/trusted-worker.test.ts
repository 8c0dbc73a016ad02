import { afterEach, describe, expect, it, vi } from 'vitest';

const started: unknown[] = [];
class WorkerStub {
  constructor(...given: unknown[]) {
    started.push(given);
  }
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
  started.length = 0;
});

async function realm(trustedTypes?: object) {
  vi.stubGlobal('Worker', WorkerStub);
  if (trustedTypes) vi.stubGlobal('trustedTypes', trustedTypes);
  return import('./trusted-worker.ts');
}

describe('trusted worker', () => {
  it('makes the policy once per realm and starts module workers through it', async () => {
    const createPolicy = vi.fn((_name: string, rules: { createScriptURL(url: string): string }) => ({
      createScriptURL: (url: string) => `trusted:${rules.createScriptURL(url)}`,
    }));
    const { createTrustedWorker } = await realm({ createPolicy });
    createTrustedWorker('/assets/worker-Ab_3-x.js', 'node');
    createTrustedWorker('/assets/inference-worker-1.js', 'inference');
    expect(createPolicy).toHaveBeenCalledTimes(1);
    expect(createPolicy.mock.calls[0]?.[0]).toBe('airc');
    expect(started).toEqual([
      ['trusted:/assets/worker-Ab_3-x.js', { type: 'module', name: 'node' }],
      ['trusted:/assets/inference-worker-1.js', { type: 'module', name: 'inference' }],
    ]);
  });

  it.each([
    'https://evil.test/assets/worker-1.js',
    '//evil.test/assets/worker-1.js',
    '/assets/../uploads/x.js',
    '/assets/worker-1.js?x=1',
    'blob:http://127.0.0.1:4747/1',
    'data:text/javascript,1',
  ])('refuses %s', async (url) => {
    const { createTrustedWorker } = await realm();
    expect(() => createTrustedWorker(url, 'x')).toThrow('Not a worker of this product');
    expect(started).toEqual([]);
  });
});
