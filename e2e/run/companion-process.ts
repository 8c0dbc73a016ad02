/** Owns a companion as a person starts it: the launch script in a process of its own, with a home that is thrown away. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Status } from '../../companion/cli/control-protocol.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LAUNCH = join(ROOT, 'companion', 'launch');
const START = join(LAUNCH, 'start.mjs');
const LINK = /^http:\/\/127\.0\.0\.1:\d+\/#pair=\S+$/m;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of `npx persona-node` to its end. */
export async function runCommand(args: readonly string[]): Promise<Finished> {
  const program = new Program(join(LAUNCH, 'bin.mjs'), args);
  return { code: await program.ended, stdout: program.stdout, stderr: program.stderr };
}

/** A fresh home folder; `remove` deletes it. */
export async function makeHome(): Promise<{ readonly home: string; readonly remove: () => Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'persona-node-home-'));
  return { home, remove: () => rm(home, { recursive: true, force: true }) };
}

/**
 * `npm start` with a free port and the built-in daemon, unless `args` say otherwise. Resolves with the link printed;
 * rejects with what stands on stderr when it ends before.
 */
export async function startCompanionProcess(
  home: string,
  args: readonly string[] = [],
  script = START,
): Promise<CompanionProcess> {
  const defaults = ['--no-open', '--home', home];
  if (!args.includes('--port')) defaults.push('--port', '0');
  if (!args.includes('--airc')) defaults.push('--airc', 'embedded');
  // What other programs of whoever runs the tests hold is none of their business.
  const program = new Program(script, [...defaults, ...args], { HOME: home, USERPROFILE: home });
  const link = await program.line(LINK);
  return new CompanionProcess(program, home, link);
}

/** A copy of the build under `folder` whose llama.cpp cannot start; resolves with the script that starts it. */
export async function copyWithoutEngine(folder: string): Promise<string> {
  const copy = join(folder, 'copy');
  await cp(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true });
  await cp(join(ROOT, 'package.json'), join(copy, 'package.json'));
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
  await writeFile(join(copy, 'dist', 'companion', 'llama-child.js'), 'process.exit(1);\n');
  return join(copy, 'dist', 'companion', 'main.js');
}

export class CompanionProcess {
  readonly link: string;
  readonly origin: string;
  readonly #program: Program;
  readonly #home: string;

  constructor(program: Program, home: string, link: string) {
    this.#program = program;
    this.#home = home;
    this.link = link;
    this.origin = new URL(link).origin;
  }

  get output(): { readonly stdout: string; readonly stderr: string } {
    return this.#program;
  }

  async status(): Promise<Status> {
    const { code, stdout, stderr } = await runCommand(['status', '--json', '--home', this.#home]);
    if (code !== 0) throw new Error(`status ended with ${String(code)}: ${stderr}`);
    // Our own program's output; what it says is asserted by who asked.
    return JSON.parse(stdout) as Status;
  }

  /** A fresh link. */
  async pair(): Promise<string> {
    return (await runCommand(['pair', '--home', this.#home])).stdout.trim();
  }

  /** As Ctrl+C does; resolves with the exit code. */
  stop(): Promise<number | null> {
    return this.#program.kill('SIGINT');
  }

  /** As a crash of the machine does it: no goodbye. */
  kill(): Promise<number | null> {
    return this.#program.kill('SIGKILL');
  }
}

class Program {
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;

  constructor(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [script, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = once(child, 'close').then(([code]) => code as number | null);
    this.#child = child;
  }

  /** The first line on stdout that fits. */
  line(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(this.stdout)?.[0];
        if (found !== undefined) resolve(found);
      };
      this.#child.stdout?.on('data', look);
      this.ended.then(() => reject(new Error(`It ended: ${this.stderr}`)), reject);
    });
  }

  kill(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended;
  }
}
