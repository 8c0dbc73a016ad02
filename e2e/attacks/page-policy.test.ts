/** The page's policy in a real browser: the chain of workers starts under it, and what an injected script wants does not. */
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchAttackBrowser, startForeignServer } from './browser-harness.ts';
import { startTarget, type Target } from './harness.ts';

const startWorker = (url: string, report: string): string => `
  const policy = trustedTypes.createPolicy('airc', { createScriptURL: (url) => url });
  const child = new Worker(policy.createScriptURL('${url}'), { type: 'module' });
  child.onmessage = (event) => ${report}(event.data);
  child.onerror = () => ${report}('failed to start ${url}');
`;

/** The engine's way of starting a thread; the bytes are the smallest valid wasm module. */
const INFERENCE_WORKER = `
  const code = \`
    const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
    const wasm = new WebAssembly.Module(bytes) instanceof WebAssembly.Module;
    postMessage({ isolated: self.crossOriginIsolated, shared: typeof SharedArrayBuffer, wasm });
  \`;
  const thread = new Worker(URL.createObjectURL(new Blob([code])));
  thread.onmessage = (event) => postMessage(event.data);
  thread.onerror = () => postMessage('failed to start the thread');
`;

/** Runs in the page's own script: what DevTools evaluates there is exempt from part of the policy. */
const attemptsOn = (elsewhere: string): string => `
  const load = (element, url) => new Promise((resolve, reject) => {
    element.onload = resolve;
    element.onerror = () => reject(new TypeError('blocked'));
    element.src = url;
    document.body.append(element);
  });
  const attempts = {
    eval: () => eval('1'),
    function: () => new Function('1')(),
    html: () => { document.body.innerHTML = '<img src=x onerror=alert(1)>'; },
    script: () => document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' })),
    worker: () => new Worker('/assets/node-worker-1.js'),
    policy: () => trustedTypes.createPolicy('attack', {}),
    fetch: () => fetch('${elsewhere}', { mode: 'no-cors' }),
    image: () => load(new Image(), '${elsewhere}/x.png'),
    own: () => fetch('/', { method: 'HEAD' }),
  };
  window.attempted = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      await attempt();
      window.attempted[name] = 'done';
    } catch (error) {
      window.attempted[name] = error.name;
    }
  }
  window.finished = true;
`;

/** What the one realm that may talk to others can reach. */
const downloadWorker = (approved: string, other: string): string => `
  const outcome = (url) => fetch(url).then(() => 'done', (error) => error.name);
  postMessage(await Promise.all([outcome('${approved}'), outcome('${other}')]));
`;

/** As hosts of models have it: only our own policy stands between. */
const OPEN_TO_ALL = { 'access-control-allow-origin': '*' };

let target: Target;
let other: { origin: string; stop(): Promise<void> };
let foreign: { origin: string; stop(): Promise<void> };
let browser: Browser;
let page: Page;
beforeAll(async () => {
  foreign = await startForeignServer('elsewhere', OPEN_TO_ALL);
  other = await startForeignServer('nobody approved this', OPEN_TO_ALL);
  target = await startTarget({
    approvedHosts: [foreign.origin],
    files: {
      'assets/page-1.js':
        startWorker('/assets/node-worker-1.js', 'window.report = ') +
        `const downloads = new Worker(policy.createScriptURL('/assets/download-worker-1.js'), { type: 'module' });
        downloads.onmessage = (event) => (window.downloads = event.data);` +
        attemptsOn(foreign.origin),
      'assets/node-worker-1.js': startWorker('/assets/inference-worker-1.js', 'postMessage'),
      'assets/inference-worker-1.js': INFERENCE_WORKER,
      'assets/download-worker-1.js': downloadWorker(foreign.origin, other.origin),
    },
  });
  browser = await launchAttackBrowser();
  page = await browser.newPage();
  await page.goto(target.origin);
});
afterAll(async () => {
  await browser.close();
  await foreign.stop();
  await other.stop();
  await target.stop();
});

describe("the page's policy", () => {
  it('page, node worker, inference worker and its blob thread start, isolated and with wasm', async () => {
    await page.waitForFunction(() => 'report' in window);
    expect(await page.evaluate('window.report')).toEqual({ isolated: true, shared: 'function', wasm: true });
  });

  it('the download worker alone reaches an approved host, and no other', async () => {
    await page.waitForFunction(() => 'downloads' in window);
    expect(await page.evaluate('window.downloads')).toEqual(['done', 'TypeError']);
  });

  it('scripts made of text, foreign workers and foreign connections are stopped', async () => {
    await page.waitForFunction(() => 'finished' in window);
    expect(await page.evaluate('window.attempted')).toEqual({
      eval: 'EvalError',
      function: 'EvalError',
      html: 'TypeError',
      script: 'TypeError',
      worker: 'TypeError',
      policy: 'TypeError',
      fetch: 'TypeError',
      image: 'TypeError',
      own: 'done',
    });
    expect(await page.evaluate('window.ran')).toBeUndefined();
  });
});
