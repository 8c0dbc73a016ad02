/** A3, A4, A7: pages of other local ports, of files and of sandboxed frames name the right Host; Origin tells them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  launchAttackBrowser,
  openWebSocket,
  refusals,
  startForeignServer,
  tryWebSocket,
} from './browser-harness.ts';
import { startTarget, type Target } from './harness.ts';

const SANDBOXED = `<!doctype html><iframe sandbox="allow-scripts" srcdoc="<p>attack</p>"></iframe>`;

let target: Target;
let foreign: { origin: string; stop(): Promise<void> };
let browser: Browser;
let page: Page;
let socketUrl: string;
beforeAll(async () => {
  target = await startTarget();
  socketUrl = `ws://127.0.0.1:${target.port}/bridge`;
  foreign = await startForeignServer(SANDBOXED);
  browser = await launchAttackBrowser();
  page = await browser.newPage();
});
afterAll(async () => {
  await browser.close();
  await foreign.stop();
  await target.stop();
});

describe('pages from elsewhere', () => {
  it('our own page gets through: what follows is refused for where it comes from', async () => {
    await page.goto(target.origin);
    expect(await tryWebSocket(page, socketUrl)).toBe('open');
    expect(await page.evaluate(async () => (await fetch('/', { method: 'HEAD' })).status)).toBe(200);
  });

  it('A3: a page of another local port cannot open the socket, whatever cookies it has', async () => {
    await page.goto(foreign.origin);
    expect(await page.context().cookies(target.origin)).toMatchObject([{ name: 'session' }]);
    const before = refusals(target.logLines, 403, 'origin');
    expect(await tryWebSocket(page, socketUrl)).toBe('refused');
    expect(refusals(target.logLines, 403, 'origin')).toBe(before + 1);
    expect(target.links).toEqual([]);
  });

  it('A4: a sandboxed frame and a file have the Origin null, which is not ours', async () => {
    const before = refusals(target.logLines, 403, 'origin');
    const frame = page.frames().at(-1);
    expect(await frame?.evaluate(() => origin)).toBe('null');
    expect(await frame?.evaluate(openWebSocket, socketUrl)).toBe('refused');
    const file = join(target.home, 'attack.html');
    await writeFile(file, '<!doctype html><title>attack</title>');
    await page.goto(pathToFileURL(file).href);
    expect(await page.evaluate(() => origin)).toBe('null');
    expect(await tryWebSocket(page, socketUrl)).toBe('refused');
    expect(refusals(target.logLines, 403, 'origin')).toBe(before + 2);
  });

  it('A7: a simple request from another port changes nothing, and no answer of ours can be read there', async () => {
    await page.goto(foreign.origin);
    const { code } = target.server.issuePairing();
    const before = refusals(target.logLines, 403, 'origin');
    const readable = await page.evaluate(
      async ([url, body]) => {
        const simple = { method: 'POST', mode: 'no-cors', body } as const;
        await fetch(`${url}/api/pair`, simple).catch(() => undefined);
        const get = await fetch(`${url}/`, { mode: 'no-cors' }).catch(() => undefined);
        return get !== undefined;
      },
      [target.origin, JSON.stringify({ version: 1, code, publicKey: 'A'.repeat(43), label: 'x' })] as const,
    );
    expect(readable).toBe(false);
    expect(refusals(target.logLines, 403, 'origin')).toBe(before + 1);
    expect(refusals(target.logLines, 403, 'fetch-site')).toBe(1);
    expect(target.sessions.list()).toEqual([]);
  });

  it('A7: a page of another port cannot frame ours', async () => {
    await page.goto(foreign.origin);
    const loaded = await page.evaluate(async (url) => {
      const frame = document.createElement('iframe');
      frame.src = url;
      const done = new Promise((resolve) => frame.addEventListener('load', resolve));
      document.body.append(frame);
      await done;
      return frame.contentDocument === null;
    }, target.origin);
    expect(loaded).toBe(true);
    const framed = await Promise.all(page.frames().map((frame) => frame.title()));
    expect(framed).not.toContain('Persona Node under attack');
  });
});
