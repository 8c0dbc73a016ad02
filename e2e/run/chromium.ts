/** Owns finding a Chromium for the tests: the named one, an installed one, else the one that Playwright downloaded. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type LaunchOptions } from 'playwright';
import { CHROMIUM_VARIABLE, chromiumPaths } from './chromium-paths.mjs';

/** Gives WebGPU to a Chromium without a GPU: a software adapter without `shader-f16`. */
export const WEBGPU_ON_SWIFTSHADER = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
];

/** Absolute path, or undefined to leave the choice to Playwright. `PERSONA_NODE_CHROMIUM` overrules what is installed. */
export function findChromium(): string | undefined {
  const named = process.env[CHROMIUM_VARIABLE];
  if (named !== undefined && named !== '') return named;
  return chromiumPaths().find((path) => existsSync(path));
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

/** The same with a profile on the disk, in `folder`: what a page stores does not lie in memory. Ends with its context. */
export function launchProfile(folder: string, args: readonly string[] = []): Promise<BrowserContext> {
  const executablePath = findChromium();
  return chromium.launchPersistentContext(folder, {
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [...sandboxArgs(), ...args],
  });
}

/** Chromium refuses to run sandboxed as root, which is what a container gives. */
export function sandboxArgs(): string[] {
  return process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}
