/** Owns knowing whether the installed packages are the ones of the lockfile, and installing them where they are not. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { runStep } from './step.mjs';

/** @param {string} root absolute */
export async function ensurePackages(root) {
  const reason = whyOutdated(root);
  if (reason === undefined) return;
  const npm = npmCommand();
  await runStep({
    title: `Installing packages (${reason})`,
    ...npm,
    args: [...npm.args, 'ci', '--include=dev', '--no-audit', '--no-fund'],
    cwd: root,
    nextStep: 'Check the network and the free disk space, then run the command again.',
  });
}

/**
 * Compares what npm wrote down about the last install with the lockfile, by content: file times say nothing after a
 * clone or a branch change. Undefined when all is in place.
 */
export function whyOutdated(root) {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return 'none are there yet';
  const wanted = packagesIn(join(root, 'package-lock.json'));
  let installed;
  try {
    installed = packagesIn(installedFile);
  } catch {
    return 'what npm wrote down about the last install cannot be read';
  }
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    // What another platform needs is in the lockfile, and rightly not installed.
    const mayBeMissing = entry.optional === true || entry.devOptional === true;
    if (found === undefined && mayBeMissing) continue;
    if (found === undefined || !existsSync(join(root, path))) return `${nameOf(path)} is missing`;
    if (found.version !== entry.version) return `${nameOf(path)} is not ${entry.version}`;
  }
  return undefined;
}

function packagesIn(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** npm as a script for this Node: its `.cmd` on Windows cannot be spawned without a shell. */
export function npmCommand() {
  const runBy = process.env.npm_execpath ?? '';
  const folder = dirname(process.execPath);
  const script = [
    ...(/^npm-cli\.c?js$/.test(basename(runBy)) ? [runBy] : []),
    join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(folder, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ].find((path) => existsSync(path));
  if (script !== undefined) return { file: process.execPath, args: [script] };
  return { file: 'npm', args: [], shell: process.platform === 'win32' };
}
