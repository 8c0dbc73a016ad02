/** Owns showing the link in the person's browser, where there is one. Never fatal: the link is on the terminal too. */
import { spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { toBase64Url } from '../../shared/base64url.ts';
import type { Clock } from '../../shared/clock.ts';
import { toAppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { RandomSource } from '../../shared/random.ts';

const FORWARDER_LIVES_MS = 60_000;

export interface OpenBrowserDeps {
  readonly runDir: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** Ends the wait, and takes the file away at once. */
  readonly signal: AbortSignal;
}

/** False where nobody would see it: no display, a remote shell, or a build machine. */
export function hasDisplay(platform = process.platform, env: NodeJS.ProcessEnv = process.env): boolean {
  const has = (name: string): boolean => (env[name] ?? '') !== '';
  if (has('CI') || has('SSH_CONNECTION')) return false;
  return platform === 'darwin' || platform === 'win32' || has('DISPLAY') || has('WAYLAND_DISPLAY');
}

/**
 * Resolves when the forwarding page is taken away again. The link itself never stands on a command line, where every
 * user of the machine can read it: the browser is given a private file that leads to it.
 */
export async function openBrowser(link: string, deps: OpenBrowserDeps): Promise<void> {
  const { runDir, clock, random, log, signal } = deps;
  const file = join(runDir, `open-${toBase64Url(random.bytes(12))}.html`);
  try {
    await writeFile(file, forwarderTo(link), { mode: 0o600, flag: 'wx' });
    launch(pathToFileURL(file).href, log);
    await clock.sleep(FORWARDER_LIVES_MS, signal).catch((_stopped: unknown) => undefined);
  } catch (error) {
    log.log('info', 'browser.not-opened', { message: toAppError(error).message });
  } finally {
    await rm(file, { force: true });
  }
}

/** The link is ours: an origin and a base64url code, nothing that HTML could take for markup. */
function forwarderTo(link: string): string {
  return `<!doctype html><meta charset="utf-8"><title>Persona Node</title><meta http-equiv="refresh" content="0; url=${link}">`;
}

function launch(url: string, log: Logger): void {
  const [program, ...args] = commandFor(process.platform, url);
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  child.on('error', (error) => {
    log.log('info', 'browser.not-opened', { message: error.message });
  });
  child.unref();
}

export function commandFor(platform: NodeJS.Platform, url: string): [string, ...string[]] {
  if (platform === 'darwin') return ['open', url];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url];
  return ['xdg-open', url];
}
