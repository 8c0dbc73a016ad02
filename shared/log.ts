/** Owns the one log format: JSON lines with fixed fields per logger, the same in page, worker and companion. */
import type { Clock } from './clock.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Logger {
  log(level: LogLevel, event: string, fields?: LogFields): void;
  /** A logger that carries `fields` on every line. */
  child(fields: LogFields): Logger;
}

/** One finished line. Secrets are never fields: callers pass ids, codes and sizes. */
export type LogSink = (line: { atMs: number; level: LogLevel; event: string; fields: LogFields }) => void;

export function createLogger(sink: LogSink, clock: Clock, fields: LogFields = {}): Logger {
  return {
    log: (level, event, more = {}) => {
      sink({ atMs: clock.nowMs(), level, event, fields: { ...fields, ...more } });
    },
    child: (more) => createLogger(sink, clock, { ...fields, ...more }),
  };
}

/** A logger that keeps nothing, for callers that were given none. */
export const silentLogger: Logger = { log: () => undefined, child: () => silentLogger };
