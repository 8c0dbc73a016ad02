/** Owns the process: the real parts, its arguments, the signals that end it, and its exit code. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../shared/clock.ts';
import { AppError } from '../shared/errors.ts';
import { systemRandom } from '../shared/random.ts';
import { resolveDaemon } from './airc/discovery/resolve-daemon.ts';
import { realParts } from './cli/parts.ts';
import { runProgram } from './cli/run.ts';
import { processTerminal } from './cli/terminal.ts';

// Whatever is created here is for its owner alone, also the files that a library makes on its own.
process.umask(0o077);

const ending = new AbortController();
// SIGHUP: the terminal was closed; on Windows that comes as a signal of this name too.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // Once: whoever asks a second time means it, and Node's own way to end takes over.
  process.once(name, () => {
    ending.abort(new AppError('Aborted', `The companion was ended by ${name}.`));
  });
}

process.exitCode = await runProgram(process.argv.slice(2), {
  parts: realParts(dirname(fileURLToPath(import.meta.url)), {
    resolveDaemon: (options, surroundings) => resolveDaemon(options, surroundings),
  }),
  clock: systemClock,
  random: systemRandom,
  terminal: processTerminal,
  cwd: process.cwd(),
  signal: ending.signal,
});
