/** Owns having a Chromium for the tests: the named or installed one, else Debian's, else Playwright's own download. */
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runStep, StepFailed } from '../../companion/launch/step.mjs';

const LINUX_NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const VARIABLE = 'PERSONA_NODE_CHROMIUM';
const NEXT_STEP = `Install Chrome or Chromium, or name one with ${VARIABLE}=/path/to/chromium.`;

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
  const installed = process.env[VARIABLE] || installedPaths().find((path) => existsSync(path));
  if (installed) {
    process.env[VARIABLE] = installed;
    return existsSync(installed);
  }
  // Only now: the packages may have come a moment ago.
  const { chromium } = await import('playwright');
  return existsSync(chromium.executablePath());
}

function installedPaths() {
  switch (process.platform) {
    case 'darwin':
      return ['Google Chrome', 'Chromium'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
    case 'win32':
      return ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((variable) => {
        const folder = process.env[variable];
        return folder ? [join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')] : [];
      });
    default:
      return (process.env.PATH ?? '')
        .split(delimiter)
        .flatMap((folder) => LINUX_NAMES.map((name) => join(folder, name)));
  }
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
