/** Owns the list of runners: what each one runs, and how many passed and failed in it by its own report. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Full counts of a soak; small ones are each suite's own default. */
const SOAK_ENV = { SOAK: 'full', SIM_SEEDS: '1000' };

/** One check that has no report: passed when the program says so. */
function check(name, script, args = []) {
  return { name, run: async (context) => countOf((await node(context, script, args)) === 0) };
}

/** @type {{ name: string, run(context: { root: string, reports: string, soak: boolean }):
 *   Promise<{ passed: number, failed: number, skipped?: number }> }[]} */
export const RUNNERS = [
  {
    name: 'types',
    run: async (context) => {
      const counts = [];
      for (const project of ['shared', 'web', 'companion', 'tsconfig.json']) {
        counts.push(countOf((await node(context, 'typescript/bin/tsc', ['-p', project])) === 0));
      }
      return add(counts);
    },
  },
  check('lint', 'oxlint/bin/oxlint', ['--type-aware', '--deny-warnings', '--tsconfig', 'tsconfig.json']),
  check('format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
  check('unused', 'knip/bin/knip.js', ['--no-progress']),
  { name: 'unit', run: runVitest },
  { name: 'journeys', run: runPlaywright },
];

async function runVitest(context) {
  const report = join(context.reports, 'vitest.json');
  const code = await node(context, 'vitest/vitest.mjs', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  const found = readReport(report);
  if (found === undefined) return { passed: 0, failed: 1 };
  // A file that could not even be loaded has no tests to fail.
  const broken = found.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  return settle(code, {
    passed: found.numPassedTests,
    failed: found.numFailedTests + broken,
    skipped: found.numPendingTests + found.numTodoTests,
  });
}

async function runPlaywright(context) {
  const report = join(context.reports, 'playwright.json');
  const code = await node(context, '@playwright/test/cli.js', ['test', '--reporter=list,json'], {
    PLAYWRIGHT_JSON_OUTPUT_NAME: report,
  });
  const found = readReport(report);
  if (found === undefined) return { passed: 0, failed: 1 };
  const { expected, unexpected, flaky, skipped } = found.stats;
  // Passing at the second try is not passing.
  return settle(code, { passed: expected, failed: unexpected + flaky, skipped });
}

/** A runner that failed without a failed test (an unhandled error, say) has failed all the same. */
function settle(code, { passed, failed, skipped }) {
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped };
}

/** Runs a package's script with this Node, its output shown as it comes; resolves with the exit code. */
function node({ root, soak }, script, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, 'node_modules', script), ...args], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...(soak ? SOAK_ENV : {}), ...env },
    });
    child.on('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

function countOf(hasPassed) {
  return hasPassed ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function add(counts) {
  return counts.reduce((sum, one) => ({ passed: sum.passed + one.passed, failed: sum.failed + one.failed }));
}
