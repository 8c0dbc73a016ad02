/** Owns the order of `npm test`: packages, build, browser; then checks, unit tests and journeys; then the count. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';
import { RUNNERS } from './runners.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Reports of the runners and other leavings; ignored by git. */
const REPORTS = join(ROOT, '.e2e', 'reports');

/** `--soak` runs the full counts; a name of a runner runs that one only. */
export async function runAll(args) {
  const soak = args.includes('--soak');
  const wanted = args.filter((arg) => !arg.startsWith('--'));
  const results = [];
  if (!(await prepare(ROOT, { needsChromium: true })))
    results.push({ name: 'preparation', passed: 0, failed: 1, seconds: 0 });
  if (results.length === 0) {
    rmSync(REPORTS, { recursive: true, force: true });
    mkdirSync(REPORTS, { recursive: true });
    for (const runner of RUNNERS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
      const startedMs = performance.now();
      console.log(`\n── ${runner.name} ──`);
      const counts = await runner.run({ root: ROOT, reports: REPORTS, soak });
      results.push({ name: runner.name, ...counts, seconds: (performance.now() - startedMs) / 1_000 });
    }
  }
  conclude(results);
}

function conclude(results) {
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const failed = sum('failed');
  console.log('');
  for (const { name, passed, failed: bad, skipped = 0, seconds } of results) {
    const counts = `${passed} passed, ${bad} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    console.log(`${bad === 0 ? '  ' : '✗ '}${name.padEnd(12)} ${counts.padEnd(34)} ${seconds.toFixed(1)} s`);
  }
  if (!existsSync(join(ROOT, '.e2e', 'mlc-test-model')))
    console.log(
      '  mlc          left out: "npm run make:mlc-test-model" makes the model that its tests run on',
    );
  // Nothing ran is no success.
  process.exitCode = failed === 0 && sum('passed') > 0 ? 0 : 1;
  console.log(`\n${sum('passed')} passed, ${failed} failed`);
}
