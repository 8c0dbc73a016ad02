/** Owns knowing whether the build is that of the sources as they are, and building where it is not. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withBuildLock } from './build-lock.mjs';
import { runStep } from './step.mjs';

const SOURCES = ['companion', 'public', 'shared', 'web', 'package-lock.json', 'vite.config.ts'];
const PRODUCTS = ['dist/web/index.html', 'dist/companion/main.js', 'dist/companion/llama-child.js'];

/** @param {string} root absolute */
export async function ensureBuild(root) {
  if (isCurrent(root)) return;
  // The other one may have built just what this one wants.
  await withBuildLock(join(root, 'dist.lock'), () => (isCurrent(root) ? undefined : build(root)));
}

function isCurrent(root) {
  const stamp = join(root, 'dist', 'build.json');
  return isWhole(root) && stampedIn(stamp) === hashOf(root);
}

function isWhole(root) {
  return PRODUCTS.every((path) => existsSync(join(root, path)));
}

async function build(root) {
  const stamp = join(root, 'dist', 'build.json');
  const sources = hashOf(root);
  // A build that is cut off must not pass for a whole one.
  rmSync(stamp, { force: true });
  await runStep({
    title: isWhole(root) ? 'Building (sources have changed)' : 'Building (there is no build yet)',
    file: process.execPath,
    args: [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', '--app', '--logLevel', 'warn'],
    cwd: root,
    nextStep: 'Read what the build says above.',
  });
  writeFileSync(stamp, `${JSON.stringify({ sources })}\n`);
}

function stampedIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).sources;
  } catch {
    // Missing or cut short: either way there is no build to rely on.
    return undefined;
  }
}

/** Of names and contents, since a clone or a branch change gives every file a new time. */
function hashOf(root) {
  const hash = createHash('sha256');
  for (const path of SOURCES.flatMap((source) => filesIn(root, source))) {
    const bytes = readFileSync(join(root, path));
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

function filesIn(root, path) {
  if (!existsSync(join(root, path))) return [];
  if (/\.[a-z]+$/.test(path)) return [path];
  return readdirSync(join(root, path), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const inside = `${path}/${entry.name}`;
      if (inside === 'shared/testing' || entry.name.endsWith('.test.ts')) return [];
      return entry.isDirectory() ? filesIn(root, inside) : [inside];
    });
}
