/** Owns finding a Chromium for the tests: the named one, an installed one, else the one that Playwright downloaded. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type LaunchOptions } from 'playwright';

/** Absolute path, or undefined to leave the choice to Playwright. `PERSONA_NODE_CHROMIUM` overrules what is installed. */
export function findChromium(): string | undefined {
  const named = process.env['PERSONA_NODE_CHROMIUM'];
  if (named !== undefined && named !== '') return named;
  return installedPaths().find((path) => existsSync(path));
}

/** Starts it headless, with `args` after those it needs here. */
export function launchChromium(args: readonly string[] = [], options: LaunchOptions = {}): Promise<Browser> {
  const executablePath = findChromium();
  return chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    ...options,
    args: [...sandboxArgs(), ...args],
  });
}

/** Chromium refuses to run sandboxed as root, which is what a container gives. */
export function sandboxArgs(): string[] {
  return process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}

function installedPaths(): string[] {
  switch (process.platform) {
    case 'darwin':
      return [
        '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
        '/Applications/Chromium.app/Contents/MacOS/Chromium',
      ];
    case 'win32':
      return ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((variable) => {
        const folder = process.env[variable];
        return folder === undefined ? [] : [join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')];
      });
    default:
      return [
        '/usr/bin/chromium',
        '/usr/bin/chromium-browser',
        '/usr/bin/google-chrome',
        '/snap/bin/chromium',
      ];
  }
}
