/** A9: after pairing, the code is nowhere: not in what was asked of servers, not in the browser, not on disk, not in logs. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchAttackBrowser, startForeignServer } from './browser-harness.ts';
import { PAGE_TITLE, postPair, startTarget, type Target } from './harness.ts';

/** Pairs as the page does: the code leaves the address bar before anything else happens. */
const PAGE_SCRIPT = `
const code = /^#pair=(.+)$/.exec(location.hash)?.[1];
if (code) {
  history.replaceState(null, '', location.pathname);
  const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign']);
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const publicKey = btoa(String.fromCharCode(...raw)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  const body = JSON.stringify({ version: 1, code, publicKey, label: 'a test page' });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch('/api/pair', { method: 'POST', headers, body });
  document.documentElement.dataset.paired = String(answer.status);
}
`;

let target: Target;
let foreign: { origin: string; stop(): Promise<void> };
let browser: Browser;
beforeAll(async () => {
  target = await startTarget({ files: { 'assets/page-1.js': PAGE_SCRIPT } });
  foreign = await startForeignServer('<!doctype html><title>elsewhere</title>');
  browser = await launchAttackBrowser();
});
afterAll(async () => {
  await browser.close();
  await foreign.stop();
  await target.stop();
});

async function filesUnder(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n');
}

describe('A9: where the pairing code is not', () => {
  it('no URL, Referer, title, history, storage, log, file or process list holds it', async () => {
    const { code, link } = target.server.issuePairing();
    const context = await browser.newContext();
    const page = await context.newPage();
    const asked: string[] = [];
    page.on('request', (request) => {
      // The browser shows its own page the fragment; the request line below is what travels.
      asked.push(`${request.url().split('#', 1)[0] ?? ''} ${JSON.stringify(request.headers())}`);
    });
    await page.goto(link);
    await page.waitForSelector('html[data-paired="200"]');
    expect(target.sessions.list()).toHaveLength(1);
    await page.evaluate(async (url) => {
      await fetch('/', { method: 'HEAD' });
      location.href = url;
    }, foreign.origin);
    await page.waitForURL(`${foreign.origin}/**`);
    expect(await page.evaluate(() => document.referrer)).toBe('');
    expect(asked.length).toBeGreaterThanOrEqual(4);
    await page.goBack();

    const devTools = await context.newCDPSession(page);
    const history = await devTools.send('Page.getNavigationHistory');
    const seen = {
      asked: asked.join('\n'),
      url: page.url(),
      title: await page.title(),
      // The browser also keeps what was typed or opened: no page can take that back, and the code in it is spent.
      history: JSON.stringify(history.entries.map((entry) => [entry.url, entry.title])),
      storage: JSON.stringify(await context.storageState({ indexedDB: true })),
      log: target.logLines.join('\n'),
      files: await filesUnder(target.home),
      processes:
        process.platform === 'win32' ? '' : (await promisify(execFile)('ps', ['-eo', 'args'])).stdout,
    };
    expect(seen.title).toBe(PAGE_TITLE);
    expect(seen.history).toContain(target.origin);
    expect(seen.log).toContain('pairing.accepted');
    expect(seen.files).toContain('a test page');
    expect((await postPair(target, { code, publicKey: 'A'.repeat(43) })).body['code']).toBe(
      'PairingCodeExpired',
    );
    for (const [where, text] of Object.entries(seen)) {
      expect(text.includes(code), `the code in: ${where}`).toBe(false);
    }
  });

  it('a wrong code, a query and a strange header are not written to the log either', async () => {
    const secret = 'S3cretOfTheAttack';
    const options = { headers: { 'x-secret': secret, 'sec-fetch-site': 'cross-site' } };
    await fetch(`${target.origin}/nothing/${secret}?token=${secret}`, options);
    await fetch(`${target.origin}/api/pair?code=${secret}`, {
      method: 'POST',
      headers: { origin: target.origin },
    });
    expect(target.logLines.join('\n')).toContain('http.refused');
    expect(target.logLines.join('\n')).not.toContain(secret);
  });
});
