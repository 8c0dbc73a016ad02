/** Owns running one preparing command where the person can see that it moves, how long it takes, and why it failed. */
import { spawn } from 'node:child_process';

const TERMINAL_EVERY_MS = 1_000;
const PLAIN_EVERY_MS = 10_000;
const TAIL_LINES = 40;

/** A preparation that did not work: what, and what to do about it. */
export class StepFailed extends Error {
  constructor(message, nextStep) {
    super(message);
    this.nextStep = nextStep;
  }

  report() {
    console.error(`\n${this.message}\n  next:  ${this.nextStep}`);
  }
}

/**
 * Runs `file args` in `cwd`; resolves when it succeeded. Progress goes to stderr, so that stdout stays the program's.
 *
 * @param {{ title: string, file: string, args: string[], cwd: string, nextStep: string, shell?: boolean,
 *   env?: Record<string, string> }} step
 */
export async function runStep({ title, file, args, cwd, nextStep, shell = false, env = {} }) {
  const startedMs = performance.now();
  const lines = [];
  const child = spawn(file, args, {
    cwd,
    shell,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    windowsHide: true,
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      lines.push(
        ...text
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== ''),
      );
      lines.splice(0, lines.length - TAIL_LINES);
    });
  }
  const seconds = () => Math.round((performance.now() - startedMs) / 1_000);
  const stopTelling = tell(title, seconds, () => lines.at(-1) ?? '');
  const forward = (signal) => child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM'];
  for (const signal of signals) process.on(signal, forward);
  const outcome = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  for (const signal of signals) process.off(signal, forward);
  stopTelling();
  if (outcome === undefined) {
    console.error(`${title}: done in ${seconds()} s`);
    return;
  }
  console.error(lines.map((line) => `  ${line}`).join('\n'));
  throw new StepFailed(`${title}: failed (${outcome}).`, nextStep);
}

/** On a terminal one line that counts; elsewhere a line now and then, so that a log shows that it moves. */
function tell(title, seconds, lastLine) {
  const isTerminal = process.stderr.isTTY === true;
  console.error(`${title} …`);
  const timer = setInterval(
    () => {
      const width = Math.max(20, (process.stderr.columns ?? 100) - 1);
      const text = `${title}: ${seconds()} s  ${lastLine()}`.slice(0, width);
      process.stderr.write(isTerminal ? `\r\u001b[2K${text}` : `${text}\n`);
    },
    isTerminal ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS,
  );
  return () => {
    clearInterval(timer);
    if (isTerminal) process.stderr.write('\r\u001b[2K');
  };
}
