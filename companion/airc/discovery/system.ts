/** Owns the interface to the machine that discovery looks at: its environment and its programs. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { AppError } from '../../../shared/errors.ts';

/** A program that ran to its end; `code` is undefined for one that was cut off. */
export interface Finished {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

export interface SystemAccess {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The person's home folder. */
  readonly personHome: string;
  readonly hostname: string;
  /** Without a shell. Undefined when there is no such program. Rejects with `HomeUnusable` or the signal's reason. */
  run(program: string, args: readonly string[], options: RunOptions): Promise<Finished | undefined>;
}

const MAX_OUTPUT_BYTES = 1024 * 1024;

export const nodeSystem: SystemAccess = {
  env: process.env,
  personHome: homedir(),
  hostname: hostname(),
  run: (program, args, { cwd, withinMs, signal }) =>
    new Promise((resolve, reject) => {
      const options = { cwd, timeout: withinMs, maxBuffer: MAX_OUTPUT_BYTES, windowsHide: true, signal };
      const child = execFile(program, args, options, (error, stdout, stderr) => {
        if (signal.aborted) reject(signal.reason as Error);
        else if (error?.code === 'ENOENT') {
          // Node says the same of a program and of a folder that is not there.
          if (existsSync(cwd)) resolve(undefined);
          else reject(new AppError('HomeUnusable', `${cwd} is not there, so "${program}" cannot be asked.`));
        } else resolve({ code: child.exitCode ?? undefined, stdout, stderr });
      });
      child.stdin?.end();
    }),
};
