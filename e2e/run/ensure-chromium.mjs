/** Owns having a Chromium for the tests: the named or installed one, else Debian's, else Playwright's own download. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runStep, StepFailed } from '../../companion/launch/step.mjs';
import { CHROMIUM_VARIABLE, chromiumPaths } from './chromium-paths.mjs';

const NEXT_STEP = `Install Chrome or Chromium, or name one with ${CHROMIUM_VARIABLE}=/path/to/chromium.`;

/** Afterwards the tests find one: the variable names it, or Playwright knows where its own is. */
export async function ensureChromium(root) {
  if (await isReady()) return;
  if (isDebianRoot()) {
    try {
      await apt(root, ['update']);
      await apt(root, ['install', '-y', '--no-install-recommends', 'chromium']);
      if (await isReady()) return;
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      error.report();
    }
  }
  await runStep({
    title: 'Downloading Chromium (playwright install chromium)',
    file: process.execPath,
    args: [
      join(root, 'node_modules', 'playwright', 'cli.js'),
      'install',
      ...(isDebianRoot() ? ['--with-deps'] : []),
      'chromium',
    ],
    cwd: root,
    nextStep: NEXT_STEP,
  });
  if (!(await isReady())) throw new StepFailed('There is no Chromium for the tests.', NEXT_STEP);
}

async function isReady() {
  const installed = process.env[CHROMIUM_VARIABLE] || chromiumPaths().find((path) => existsSync(path));
  if (installed) {
    process.env[CHROMIUM_VARIABLE] = installed;
    return existsSync(installed);
  }
  // Only now: the packages may have come a moment ago.
  const { chromium } = await import('playwright');
  return existsSync(chromium.executablePath());
}

function isDebianRoot() {
  return process.platform === 'linux' && process.getuid?.() === 0 && isDebian();
}

/** Not Ubuntu: its package of that name is a stub for snap, which containers do not have. */
function isDebian() {
  return existsSync('/etc/os-release') && /^ID="?debian"?$/m.test(readFileSync('/etc/os-release', 'utf8'));
}

function apt(root, args) {
  return runStep({
    title: `Installing Chromium (apt-get ${args[0]})`,
    file: 'apt-get',
    args,
    cwd: root,
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    nextStep: NEXT_STEP,
  });
}
