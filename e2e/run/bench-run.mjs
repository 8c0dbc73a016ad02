/** Owns running the benchmarks one after the other, on packages, a build and a Chromium that are in place. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** `args` are parts of file names; without them all benchmarks run. */
export async function runBenchmarks(args) {
  if (!(await prepare(ROOT, { needsChromium: true }))) {
    process.exitCode = 1;
    return;
  }
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', '--config', 'e2e/bench/vitest.config.ts', ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  child.on('close', (code) => {
    process.exitCode = code ?? 1;
  });
}
