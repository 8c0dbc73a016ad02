#!/usr/bin/env node
/**
 * Owns `npm run add:llama-gpu`: puts a GPU build of llama.cpp where the binding looks for one. They are left out of the
 * installation, because they are large and most people have no use for them.
 */
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './launch.mjs';
import { ensurePackages, npmCommand } from './packages.mjs';
import { runStep, StepFailed } from './step.mjs';

/** Of CUDA what most GPUs need, and what the others do. */
const PACKAGES = { cuda: ['cuda', 'cuda-ext'], vulkan: ['vulkan'] };
const PLATFORMS = { linux: 'linux', win32: 'win' };
/** Of node-llama-cpp; another one has other builds, whose hashes are to be written here. */
const VERSION = '3.21.1';
/** As the registry told them on 2026-12-01: the lockfile, which holds those of all other packages, leaves these out. */
const INTEGRITY = {
  'linux-x64-cuda':
    'sha512-idsE55VoD/FbvLhnBC9krUJaUoC0XnebseAAnCpm/brKf61HEbu+idgbb5eN6mxkjLSrHtILprJ0nDcUJjVrFg==',
  'linux-x64-cuda-ext':
    'sha512-1PuURowccBcks3CCoMe1mTHh5vD0V5bFHMUEgtbI/OSDjpP+Pdbn+lf42CGUrepTzR8kCH1HovQ7d8q6/vuIKA==',
  'linux-x64-vulkan':
    'sha512-flEeSzONQ6OIm5bYKLQf4eEnBzcC5WugFbyPUwkCqyyOFZ8pH0H9ulQ7ZNDLSIczeKneMRJornlyY1Hq7d3GDA==',
  'win-x64-cuda':
    'sha512-PLz70neFEMkQTlmJqG1ujUtCSgHasLPMxQ9rLkqQVmZYAXqkRj+45TIHCjdn3XqUeaoun0vrO9rRaxZ8NVq9jg==',
  'win-x64-cuda-ext':
    'sha512-L2MxLVEYPDDe4O8EDWPmX6brldc9+Vt9hNoT/anj3pSnmrjkQcmaoKhHs6oP5qhEhb5Uog0rj6lgzNGtJO3p9Q==',
  'win-x64-vulkan':
    'sha512-HJ237Azh5m4Sz+w3A1IU/fYLaSDOocskcfn2ILTgqTuuORCB86EMnu3Yt/XsNhRHTtEiwz1Q/E0mO4PLIbZLAA==',
};

async function add(gpu) {
  const platform = PLATFORMS[process.platform];
  if (process.platform === 'darwin')
    throw new StepFailed('On a Mac it is there already.', 'npm start -- --llama-gpu metal');
  if (!Object.hasOwn(PACKAGES, gpu))
    throw new StepFailed(`"${gpu}" is none of ${Object.keys(PACKAGES).join(', ')}.`, 'Name one of these.');
  if (platform === undefined || process.arch !== 'x64')
    throw new StepFailed(
      `There is no ready build for ${process.platform} on ${process.arch}.`,
      'npx node-llama-cpp source download --gpu vulkan builds one, with a compiler and the SDK of Vulkan.',
    );
  await ensurePackages(ROOT);
  const modules = join(ROOT, 'node_modules');
  const { version } = JSON.parse(readFileSync(join(modules, 'node-llama-cpp', 'package.json'), 'utf8'));
  if (version !== VERSION)
    throw new StepFailed(
      `The hashes known here are of ${VERSION}, not ${version}.`,
      'Write the new ones into this script.',
    );
  for (const part of PACKAGES[gpu]) await fetchBuild(`${platform}-${process.arch}-${part}`, modules);
  console.log(`Start with: npm start -- --llama-gpu ${gpu}`);
}

/** npm refuses to install what the manifest has left out, but fetches it from the same registry. */
async function fetchBuild(build, modules) {
  const name = `@node-llama-cpp/${build}`;
  const folder = mkdtempSync(join(tmpdir(), 'llama-gpu-'));
  try {
    const npm = npmCommand();
    await runStep({
      title: `Fetching ${name} ${VERSION}`,
      ...npm,
      args: [...npm.args, 'pack', `${name}@${VERSION}`, '--pack-destination', folder],
      cwd: ROOT,
      nextStep: 'Check the network and the free disk space, then run the command again.',
    });
    const archive = join(folder, readdirSync(folder)[0]);
    const hash = createHash('sha512').update(readFileSync(archive)).digest('base64');
    if (INTEGRITY[build] !== `sha512-${hash}`)
      throw new StepFailed(`${name} is not what it was when its hash was written down.`, 'Do not use it.');
    const target = join(modules, ...name.split('/'));
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    await runStep({
      title: `Unpacking ${name}`,
      file: 'tar',
      args: ['-xzf', archive, '-C', target, '--strip-components=1'],
      cwd: ROOT,
      nextStep: 'Check the free disk space, then run the command again.',
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  await add(process.argv[2] ?? '');
} catch (error) {
  if (!(error instanceof StepFailed)) throw error;
  error.report();
  process.exitCode = 1;
}
