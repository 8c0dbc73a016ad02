/** A1, A2: a page whose name was rebound to loopback is same-origin to itself; only its Host gives it away. */
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchAttackBrowser, refusals, tryWebSocket } from './browser-harness.ts';
import { startTarget, type Target } from './harness.ts';

let target: Target;
let browser: Browser;
let page: Page;
let evilOrigin: string;
beforeAll(async () => {
  target = await startTarget();
  browser = await launchAttackBrowser();
  page = await browser.newPage();
  evilOrigin = `http://evil.test:${target.port}`;
  // The attacker's own page was loaded before the name was rebound.
  await page.route(`${evilOrigin}/attack`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>attack</title>' }),
  );
});
afterAll(async () => {
  await browser.close();
  await target.stop();
});

describe('DNS rebinding', () => {
  it('A1: every route is refused with 421, the static page included', async () => {
    const opened = await page.goto(`${evilOrigin}/`);
    expect(opened?.status()).toBe(421);
    await page.goto(`${evilOrigin}/attack`);
    const requests = [
      ['GET', '/'],
      ['GET', '/index.html'],
      ['GET', '/assets/page-1.js'],
      ['GET', '/models/x'],
      ['GET', '/bridge'],
      ['POST', '/api/pair'],
      ['PUT', '/uploads/ticket-0123456789'],
      ['DELETE', '/'],
    ] as const;
    const statuses = await page.evaluate(
      (all) => Promise.all(all.map(async ([method, path]) => (await fetch(path, { method })).status)),
      requests,
    );
    expect(statuses).toEqual(requests.map(() => 421));
    expect(refusals(target.logLines, 421, 'host')).toBeGreaterThanOrEqual(requests.length);
  });

  it('A2: the socket is refused before it opens', async () => {
    await page.goto(`${evilOrigin}/attack`);
    const before = refusals(target.logLines, 421, 'host');
    expect(await tryWebSocket(page, `ws://evil.test:${target.port}/bridge`)).toBe('refused');
    expect(refusals(target.logLines, 421, 'host')).toBe(before + 1);
    expect(target.links).toEqual([]);
  });
});
