/** Owns the way from a clone to the running program: packages, build, then the built companion in this process. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ensureBuild } from './build.mjs';
import { ensurePackages } from './packages.mjs';
import { StepFailed } from './step.mjs';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Options of the companion that are followed by a value. */
const WITH_VALUE = new Set([
  '--port',
  '--home',
  '--airc',
  '--room',
  '--model',
  '--adapter',
  '--lane',
  '--llama-gpu',
]);

/** @param {'start' | 'bin'} entry */
export async function launch(entry) {
  const main = join(ROOT, 'dist', 'companion', 'main.js');
  try {
    if (entry === 'bin' && asksRunning(process.argv.slice(2))) {
      if (!existsSync(main))
        throw new StepFailed('CompanionNotRunning: nothing is built here yet.', 'Start it with "npm start".');
    } else {
      await ensurePackages(ROOT);
      await ensureBuild(ROOT);
    }
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    error.report();
    process.exitCode = 1;
    return;
  }
  // In this very process: a signal reaches it without being passed on, and `kill -9` leaves nothing behind.
  await import(pathToFileURL(main).href);
}

/** Commands that talk to a running companion must answer at once, and must not build under it. */
function asksRunning(args) {
  // The value of an option may look like a command.
  const command = args.find((arg, at) => !arg.startsWith('-') && !WITH_VALUE.has(args[at - 1]));
  return command === 'status' || command === 'pair';
}
