/** Owns telling the person at the start how far the reading of a large file is. */
import { basename } from 'node:path';
import type { Clock } from '../../shared/clock.ts';

export interface TellReading {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** A line for the person who waits for the start. */
  readonly tell: (line: string) => void;
}

const TELL_EVERY_MS = 1_000;

/** To be called with the bytes read so far; tells once a second. */
export function readingOf(
  path: string,
  sizeBytes: number | undefined,
  { clock, tell }: TellReading,
): (read: number) => void {
  let toldMs = clock.monotonicMs();
  return (read) => {
    if (clock.monotonicMs() - toldMs < TELL_EVERY_MS) return;
    toldMs = clock.monotonicMs();
    const all = sizeBytes === undefined ? '' : ` of ${inMebibytes(sizeBytes)}`;
    tell(`Reading ${basename(path)}: ${inMebibytes(read)}${all} MiB`);
  };
}

function inMebibytes(bytes: number): string {
  return Math.round(bytes / 1024 ** 2).toLocaleString('en-GB');
}
