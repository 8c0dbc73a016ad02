/** Owns what the person at the terminal sees: lines on stdout, trouble on stderr, each failure with its next step. */
import { AppError } from '../../shared/errors.ts';
import type { LogSink } from '../../shared/log.ts';

export interface Terminal {
  /** stdout, one line. */
  say(line: string): void;
  /** stderr, one line. */
  warn(line: string): void;
}

export const processTerminal: Terminal = {
  say: (line) => process.stdout.write(`${line}\n`),
  warn: (line) => process.stderr.write(`${line}\n`),
};

/** Cause and next step, with the causes behind the cause. */
export function reportFailure(terminal: Terminal, error: AppError): void {
  terminal.warn('');
  terminal.warn(`${error.code}: ${printable(error.message)}`);
  for (const cause of causesOf(error)) terminal.warn(`  cause: ${printable(cause)}`);
  terminal.warn(`  next:  ${error.nextStep}`);
}

/** Warnings and errors of the log, shortened for the eye. */
export function terminalSink(terminal: Terminal): LogSink {
  return ({ atMs, level, event, fields }) => {
    if (level !== 'warn' && level !== 'error') return;
    const details = Object.entries(fields).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key}=${String(value)}`],
    );
    const time = new Date(atMs).toTimeString().slice(0, 8);
    terminal.warn(printable(`${time} ${level} ${event} ${details.join(' ')}`));
  };
}

/** Text from elsewhere must not steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, ' ');
}

/** The messages behind an error, outermost first; bounded, since a cause may be a circle. */
function causesOf(error: AppError): string[] {
  const causes: string[] = [];
  let cause = error.cause;
  while (cause instanceof Error && causes.length < 5) {
    causes.push(cause.message);
    cause = cause.cause;
  }
  return causes;
}
